// Errors as WebDAV clients get them: a status, and a text for people; or the precondition that does not hold, for programs.
import type { AetherError } from '../../core/errors.ts'
import { sendBytes, sendFailure, sendText } from '../answer.ts'
import type { Exchange } from '../exchange.ts'
import { HttpError, httpAnswerTo } from '../http-error.ts'
import { xmlText } from '../xml-text.ts'
import { DAV } from './property-name.ts'

/** A precondition of RFC 4918, section 16, that does not hold. */
export class DavRefusal extends HttpError {
  readonly precondition: string

  constructor(status: number, precondition: string, message: string) {
    super(status, 'denied', message)
    this.precondition = precondition
  }
}

export function sendDavError(exchange: Exchange, cause: unknown): Promise<void> {
  return sendFailure(exchange, cause, (error) => writeError(exchange, error))
}

function writeError(exchange: Exchange, error: AetherError): Promise<void> {
  const { status, headers } = httpAnswerTo(error)
  if (!(error instanceof DavRefusal)) return sendText(exchange, status, textOf(error), headers)
  const body = `<?xml version="1.0" encoding="utf-8"?>\n<D:error xmlns:D="${DAV}"><D:${error.precondition}/></D:error><!-- ${xmlText(error.message)} -->\n`
  return sendBytes(
    exchange,
    status,
    { ...headers, 'content-type': 'application/xml; charset=utf-8' },
    Buffer.from(body),
  )
}

function textOf({ message, hint }: AetherError): string {
  return hint === undefined ? `${message}\n` : `${message}\nhint: ${hint}\n`
}
