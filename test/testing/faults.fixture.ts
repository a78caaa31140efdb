// Which fault strikes next: seeded, and counted. The faulty store and the faulty proxy draw from one of these.
import { createHash } from 'node:crypto'
import { createRandom, type Random } from './random.fixture.ts'

/** Probability of each fault, for each call that it can strike. What is left out never comes. */
export type FaultRates<Fault extends string> = Partial<Record<Fault, number>>

export interface Draw<Fault extends string> {
  /** Undefined: the call goes well. */
  fault: Fault | undefined
  /** For what else is left to chance: where a bit flips, how long a stall is. */
  random: Random
}

export interface FaultSource<Fault extends string> {
  /** What is to happen to this call. `possible`: faults that can strike it; at most one does. */
  draw(call: string, possible: readonly Fault[]): Draw<Fault>
  /** No more faults, until `ail`. */
  heal(): void
  ail(): void
  /** How often each fault struck. */
  readonly injected: Readonly<Record<Fault, number>>
  /** How many calls came while faults could strike, and to how many of them something happened. */
  totals(): { calls: number; faults: number }
}

/** Every fault at a rate that makes about `total` of all calls suffer from one, when each can be struck by about `kinds`. */
export function evenRates<Fault extends string>(faults: readonly Fault[], total: number, kinds = 6): FaultRates<Fault> {
  return Object.fromEntries(faults.map((fault) => [fault, total / kinds])) as FaultRates<Fault>
}

/**
 * What happens to a call depends on the seed, the call and how often it was made before, not on when it comes: so a
 * seed brings the same faults back although calls overtake each other.
 */
export function createFaults<Fault extends string>(
  faults: readonly Fault[],
  rates: FaultRates<Fault>,
  seed: number,
): FaultSource<Fault> {
  const made = new Map<string, number>()
  const injected = Object.fromEntries(faults.map((fault) => [fault, 0])) as Record<Fault, number>
  let calls = 0
  let healthy = false

  function randomFor(call: string): Random {
    const times = (made.get(call) ?? 0) + 1
    made.set(call, times)
    return createRandom(createHash('sha256').update(`${seed} ${call} ${times}`).digest().readUInt32LE())
  }

  function draw(call: string, possible: readonly Fault[]): Draw<Fault> {
    if (!healthy) calls++
    const random = randomFor(call)
    const fault = healthy ? undefined : choose(random.next(), possible, rates)
    if (fault !== undefined) injected[fault]++
    return { fault, random }
  }

  return {
    draw,
    injected,
    heal() {
      healthy = true
    },
    ail() {
      healthy = false
    },
    totals: () => ({ calls, faults: faults.reduce((sum, fault) => sum + injected[fault], 0) }),
  }
}

/** @param place from 0 to below 1 */
function choose<Fault extends string>(
  place: number,
  possible: readonly Fault[],
  rates: FaultRates<Fault>,
): Fault | undefined {
  let reached = 0
  return possible.find((fault) => {
    reached += rates[fault] ?? 0
    return place < reached
  })
}

/** The same bytes but for one bit. Of nothing, nothing. */
export function withFlippedBit(bytes: Uint8Array, random: Random): Uint8Array {
  if (bytes.length === 0) return bytes
  const copy = Uint8Array.from(bytes)
  copy[random.int(0, copy.length - 1)]! ^= 1 << random.int(0, 7)
  return copy
}
