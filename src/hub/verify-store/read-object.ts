// Reads one object whole, up to a bound. What cannot be read for good is a finding; a store that is away is an error.
import { AetherError, systemCode } from '../../core/errors.ts'
import type { Storage } from '../../storage/storage.ts'
import type { Problem } from './outcome.ts'

/** All that a check does with a store: it never writes. */
export type ReadableStore = Pick<Storage, 'get' | 'list'>

export type ReadResult = { bytes: Uint8Array } | { problem: Problem; reason: string }

/** @returns undefined when there is no such object. @throws {AetherError} when the store does not answer. */
export async function readObject(
  storage: ReadableStore,
  key: string,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<ReadResult | undefined> {
  try {
    const { bytes } = await storage.get(key, { range: { offset: 0, length: maxBytes + 1 }, signal })
    return bytes.length > maxBytes ? tooLong(maxBytes) : { bytes }
  } catch (error) {
    return readFailure(error)
  }
}

/** What a failed read says of the object; undefined when there is none. @throws the error when it says nothing of it. */
export function readFailure(error: unknown): { problem: Problem; reason: string } | undefined {
  if (!(error instanceof AetherError)) throw error
  if (error.code === 'not-found') return undefined
  if (error.code === 'integrity' || error.code === 'too-large') return { problem: 'damaged', reason: error.message }
  // One bad place on a disk is what a check is there to find, and no reason to stop at it.
  if (systemCode(error.cause) === 'EIO') return { problem: 'unreadable', reason: 'the disk failed' }
  throw error
}

export function tooLong(maxBytes: number): ReadResult {
  return { problem: 'damaged', reason: `it has over ${maxBytes} bytes` }
}
