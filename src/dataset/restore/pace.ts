// Lets other work of the process have its turn during long synchronous runs, and notices there that the caller gave up.
import { setImmediate } from 'node:timers/promises'
import { AetherError } from '../../core/errors.ts'

/** Milliseconds of synchronous work after which others have a turn. */
const LONGEST_RUN = 10

export interface Pace {
  /** True when it is time to `rest`. */
  due(): boolean
  /** Gives others a turn. @throws {AetherError} `cancelled` */
  rest(): Promise<void>
}

export function createPace(signal?: AbortSignal): Pace {
  let began = performance.now()

  async function rest(): Promise<void> {
    await setImmediate()
    if (signal?.aborted) throw new AetherError('cancelled', 'Cancelled', { cause: signal.reason })
    began = performance.now()
  }

  return { due: () => performance.now() - began > LONGEST_RUN, rest }
}
