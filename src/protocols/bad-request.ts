// Answers to what is no request: there is nothing yet that a handler could answer to, so the answer is written by hand.
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Logger } from 'pino'
import { systemCode } from '../core/errors.ts'
import { errorBody } from './answer.ts'
import { HttpError } from './http-error.ts'
import { REQUEST_ID_HEADER, requestIdOf } from './request-id.ts'

/** `busy` connections are in the middle of an answer; a second one in its midst would be taken for a part of it. */
export function rejectRequest(error: Error, socket: Socket, busy: boolean, logger: Logger): void {
  if (busy || !socket.writable || systemCode(error) === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const reason = reasonOf(error)
  const id = requestIdOf(undefined)
  logger.info({ requestId: id, status: reason.status, error: reason.code, reason: error.message }, 'no request')
  socket.end(rawAnswer(reason, id), () => socket.destroy())
}

function reasonOf(error: Error): HttpError {
  const code = systemCode(error)
  if (code === 'HPE_HEADER_OVERFLOW') return new HttpError(431, 'too-large', 'The headers of the request are too long')
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new HttpError(408, 'unavailable', 'The headers of the request took too long')
  return new HttpError(400, 'invalid', 'This is no HTTP request')
}

function rawAnswer(error: HttpError, id: string): string {
  const body = JSON.stringify(errorBody(error, id))
  const head = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`,
    `${REQUEST_ID_HEADER}: ${id}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}
