// One direction of a link: bytes leave one after the other at its rate, and arrive a fixed time later. Times are reckoned
// and not slept off piece by piece, so that late timers cost no rate.
import { setTimeout as sleep } from 'node:timers/promises'

export interface Link {
  /** For one connection: its bytes arrive in order, by a call of `deliver`. */
  openLane(deliver: (bytes: Buffer) => Promise<void>): Lane
  /** Bytes that have arrived so far. */
  carried(): number
}

export interface Lane {
  /** Resolves when the link took the bytes and has room for more. */
  send(bytes: Buffer): Promise<void>
  /** Resolves when all have arrived. */
  drained(): Promise<void>
}

/** How far ahead of its rate the link takes bytes: the queue of a router. */
const QUEUE_MS = 40
/** Bytes of a lane that are on their way or that its receiver does not take. */
const LANE_BYTES = 2 << 20

export function createLink(delayMs: number, bytesPerSecond: number): Link {
  let carried = 0
  /** When the link is done with what it has taken, in milliseconds of performance.now(). */
  let free = 0

  function take(bytes: number): number {
    free = Math.max(free, performance.now()) + (bytes / bytesPerSecond) * 1000
    return free + delayMs
  }

  function openLane(deliver: (bytes: Buffer) => Promise<void>): Lane {
    let underWay = 0
    let last: Promise<void> = Promise.resolve()

    async function arrive(bytes: Buffer, at: number, before: Promise<void>): Promise<void> {
      await sleepUntil(at)
      await before
      await deliver(bytes)
      underWay -= bytes.length
      carried += bytes.length
    }

    return {
      async send(bytes) {
        while (free - performance.now() > QUEUE_MS) await sleepUntil(free - QUEUE_MS)
        underWay += bytes.length
        last = arrive(bytes, take(bytes.length), last)
        last.catch(() => {}) // told by the next send or by drained()
        if (underWay > LANE_BYTES) await last
      },
      drained: () => last,
    }
  }

  return { openLane, carried: () => carried }
}

async function sleepUntil(at: number): Promise<void> {
  const ms = at - performance.now()
  if (ms > 0) await sleep(Math.ceil(ms))
}
