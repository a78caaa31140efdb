// Bounds the bytes that are held at once, for all who read together: who comes when there is no room waits in line.
import { AetherError } from '../core/errors.ts'

export interface ByteBudget {
  /**
   * Runs `work` once there is room for `bytes`, in the order of asking; what is larger than all of the room has it alone.
   * @throws {AetherError} `unavailable` when there is none for too long, `cancelled`
   */
  hold<T>(bytes: number, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T>
}

interface Waiting {
  bytes: number
  enter(): void
}

/** @param maxWait milliseconds; without end by default */
export function createByteBudget(total: number, maxWait?: number): ByteBudget {
  let free = total
  const line: Waiting[] = []

  function admit(): void {
    while (line[0] && line[0].bytes <= free) {
      const { bytes, enter } = line.shift()!
      free -= bytes
      enter()
    }
  }

  async function turn(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiting = { bytes, enter: resolve }
    const leave = (error: AetherError) => {
      line.splice(line.indexOf(waiting), 1)
      reject(error)
      admit() // those behind may need less
    }
    const gone = () => leave(new AetherError('cancelled', 'The client went away'))
    const tooLong = () =>
      leave(new AetherError('unavailable', 'The hub serves as many downloads as it can at the moment'))
    const timer = maxWait === undefined ? undefined : setTimeout(tooLong, maxWait)
    signal?.addEventListener('abort', gone, { once: true })
    line.push(waiting)
    admit()
    try {
      await promise
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', gone)
    }
  }

  async function hold<T>(bytes: number, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    const share = Math.min(bytes, total)
    if (signal?.aborted) throw new AetherError('cancelled', 'The client went away')
    await turn(share, signal)
    try {
      return await work()
    } finally {
      free += share
      admit()
    }
  }

  return { hold }
}
