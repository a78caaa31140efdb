// What fails within the hub or behind it, told to its operator. Clients hear less of it: http-error.ts.
import { AetherError, type ErrorCode } from '../core/errors.ts'
import type { Exchange } from './exchange.ts'
import { HTTP_STATUS, httpAnswerTo } from './http-error.ts'

/** Codes of failures that are the client's business too. They have a cause when something behind the hub has failed. */
const SHARED: ReadonlySet<ErrorCode> = new Set(['unavailable', 'no-space', 'partial'])

/** @param told the error that the client gets for it */
export function logFailure({ log }: Exchange, cause: unknown, told: AetherError): void {
  const [first, ...behind] = causesOf(cause)
  const hint = behind.findLast((error) => error instanceof AetherError)?.hint
  const line = hint === undefined ? { err: first } : { err: first, hint }
  if (told.code === 'internal') log.error(line, 'request failed')
  else if (isDamage(told)) log.warn(line, 'request failed')
  else if (SHARED.has(told.code) && behind.length > 0) log.warn(line, 'request failed')
}

/** The store gave other bytes than it should. An upload that does not match is its client's fault, and has another status. */
function isDamage(told: AetherError): boolean {
  return told.code === 'integrity' && httpAnswerTo(told).status === HTTP_STATUS.integrity
}

/** More are not looked at. */
const DEEPEST = 10

/** An error, what it was caused by, and so on. */
function causesOf(error: unknown): unknown[] {
  const causes: unknown[] = [error]
  for (
    let next = error;
    next instanceof Error && next.cause !== undefined && causes.length < DEEPEST;
    next = next.cause
  )
    causes.push(next.cause)
  return causes
}
