// Tells of every call that reaches a store: what it was, how it ended, how long it took and what it moved.
import { type ErrorCode, toAetherError } from '../core/errors.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Storage, StoredObject } from './storage.ts'
import { type Operation, type StorageCall, wrapStorage } from './wrap-storage.ts'

export interface ObservedCall {
  operation: Operation
  outcome: 'ok' | ErrorCode
  /** Milliseconds. */
  duration: number
  /** Bytes of objects that were written, and that were read. Of a call that failed, none are counted. */
  written: number
  read: number
}

export function observed(storage: Storage, onCall: (call: ObservedCall) => void, clock: Clock = systemClock): Storage {
  return wrapStorage(storage, async (call, perform) => {
    const begin = clock.now()
    const tell = (outcome: ObservedCall['outcome'], answer?: unknown) =>
      onCall({ operation: call.operation, outcome, duration: clock.now() - begin, ...bytesOf(call, answer) })
    try {
      const answer = await perform(call.signal)
      tell('ok', answer)
      return answer
    } catch (error) {
      tell(toAetherError(error).code)
      throw error
    }
  })
}

function bytesOf({ operation, size = 0 }: StorageCall, answer: unknown): { written: number; read: number } {
  const done = answer !== undefined
  return {
    written: done && operation === 'put' ? size : 0,
    read: done && operation === 'get' ? (answer as StoredObject).bytes.length : 0,
  }
}
