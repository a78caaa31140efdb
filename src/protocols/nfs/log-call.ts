// What is logged of a call. Clients make thousands of them each second, so only failures that are ours are told without debug.
import type { Logger } from 'pino'
import type { SeenCall } from './open-call.ts'

export function logCall(log: Logger, { error, ...line }: SeenCall): void {
  const told = error?.cause === undefined ? error : error.cause
  if (error?.code === 'internal' || error?.code === 'integrity')
    log.error({ ...line, message: error.message, err: told }, 'call failed')
  else if (error?.code === 'unavailable') log.warn({ ...line, message: error.message, err: told }, 'call failed')
  else log.debug({ ...line, message: error?.message }, 'call')
}
