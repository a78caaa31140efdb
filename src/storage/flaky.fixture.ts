// A storage whose calls fail now and then, in each of the ways that a call can: before it is carried out or after, with a
// word about it or without, or never ending at all.
import type { Random } from '../../test/testing/random.fixture.ts'
import { AetherError } from '../core/errors.ts'
import { cancelled } from './check-options.ts'
import type { Storage } from './storage.ts'
import { wrapStorage } from './wrap-storage.ts'

export const FAILURES = ['refused', 'slow-down', 'dropped', 'lost', 'hung', 'hung-done'] as const
export type Failure = (typeof FAILURES)[number]

/** @param choose how the next call fails; undefined when it does not */
export function flaky(storage: Storage, choose: () => Failure | undefined): Storage {
  return wrapStorage(storage, async (call, perform) => {
    const failure = choose()
    if (failure === undefined) return perform(call.signal)
    if (failure === 'lost' || failure === 'hung-done') await Promise.allSettled([perform(undefined)])
    if (failure.startsWith('hung')) await untilAborted(call.signal!)
    throw away(failure)
  })
}

/** Fails calls with the given probability. */
export function flakyByChance(storage: Storage, random: Random, probability: number): Storage {
  return flaky(storage, () => (random.chance(probability) ? random.pick(FAILURES) : undefined))
}

export function away(failure: Failure | 'away' = 'away'): AetherError {
  const undone = { undone: 'true' }
  const detail = { refused: undone, 'slow-down': { ...undone, retryAfterMs: '50' } }[failure as string] ?? {}
  return new AetherError('unavailable', `The flaky store: ${failure}`, { detail })
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(cancelled(signal)))
  })
}
