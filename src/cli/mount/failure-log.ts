// What cannot be read goes to the log: one line for each kind of failure in a while, with a count of those that had none.
import type { Logger } from 'pino'
import { toAetherError } from '../../core/errors.ts'

/** Milliseconds between two lines of one kind. */
const PAUSE = 10_000

export function createFailureLog(logger: Logger, now: () => number): (error: Error) => void {
  const kinds = new Map<string, { next: number; silent: number }>()
  return (thrown) => {
    const { code, message, cause } = toAetherError(thrown)
    const kind = kinds.get(code) ?? { next: 0, silent: 0 }
    kinds.set(code, kind)
    if (now() < kind.next) return void kind.silent++
    logger.error({ code, cause: cause instanceof Error ? cause.message : undefined, more: kind.silent }, message)
    kind.next = now() + PAUSE
    kind.silent = 0
  }
}
