// What is the same for all bulk bytes that clients send.
import { AetherError } from '../../core/errors.ts'
import type { Exchange } from '../exchange.ts'
import { HttpError } from '../http-error.ts'
import { tooLarge } from '../request-body.ts'

/** The result, or the error that says that what the client has sent does not match. */
export async function blamingClient<T>(result: Promise<T>): Promise<T> {
  try {
    return await result
  } catch (error) {
    throw isDamaged(error)
      ? new HttpError(422, 'integrity', error.message, { hint: error.hint, detail: error.detail, cause: error })
      : error
  }
}

/** Here it is the client's bytes that do not match, not the store's. */
function isDamaged(error: unknown): error is AetherError {
  return error instanceof AetherError && error.code === 'integrity'
}

/** @throws {AetherError} before a byte of the body is read. */
export function announcedSize({ req }: Exchange, what: 'block' | 'delta', maxBytes: number): number {
  const length = req.headers['content-length']
  if (length === undefined)
    throw new HttpError(411, 'invalid', `The length of the ${what} must be told beforehand, as Content-Length`)
  if (req.headers['content-encoding'] !== undefined)
    throw new HttpError(415, 'invalid', `A ${what} is taken as it is, without Content-Encoding`)
  if (!/^\d{1,15}$/.test(length) || Number(length) === 0)
    throw new AetherError('invalid', `Cannot take a ${what} of "${length}" bytes`)
  if (Number(length) > maxBytes) throw tooLarge(maxBytes)
  return Number(length)
}
