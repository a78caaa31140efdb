// What is asked of a hub over HTTP and what comes back; and the contract that each layer of the transport keeps.
import type { IncomingHttpHeaders } from 'node:http'
import type { ByteSource } from '../../core/delta/byte-source.ts'
import { AetherError, type ErrorOptions } from '../../core/errors.ts'
import type { GatheredRange } from './gathered-range.ts'

export interface HttpCall {
  method: 'GET' | 'PUT' | 'POST'
  path: string
  headers?: Record<string, string | number>
  /** Bytes, or where they are read from, a piece at a time. */
  body?: Uint8Array | ByteSource
  /** Bytes of the answer at most; more is an error before they are taken. */
  maxBytes: number
  /** Gathers a range of immutable bytes over as many tries as it takes. The answer's body is then empty. */
  range?: GatheredRange
  /** Milliseconds from the end of the request to the first byte of the answer at most. @default the bound on silence */
  answerTimeout?: number
  /** Must not be carried out twice: it is only sent again when it never left, and over a connection of its own. */
  once?: boolean
  /** When the hub itself says that it cannot do this now, that is an answer: there is another way. */
  dispensable?: boolean
  /** A body of many bytes, in one direction or the other. @default false */
  bulk?: boolean
  /** Hears each time that the call begins to leave for a hub. */
  onSent?: () => void
  signal?: AbortSignal
}

export interface HttpAnswer {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
}

/** Each layer adds something to the one below: one hub, several, fewer at once, again. */
export interface HttpCalls {
  /** @throws {AetherError} what the hub answers, or `unavailable` (see UnansweredError), `cancelled`, `integrity` */
  send(call: HttpCall): Promise<HttpAnswer>
  close(): void
}

/** No whole answer came. `unavailable` alone may also be the hub's own word. */
export class UnansweredError extends AetherError {
  /** False when nothing of the call has left this machine for sure. */
  readonly sent: boolean

  constructor(message: string, sent: boolean, options: ErrorOptions) {
    super('unavailable', message, options)
    this.sent = sent
  }
}

/** Whether a call that failed may be sent once more, to this hub or to another one. */
export function mayRepeat(call: HttpCall, error: unknown): error is AetherError {
  if (!(error instanceof AetherError) || error.code !== 'unavailable') return false
  if (call.dispensable && !(error instanceof UnansweredError)) return false
  return !call.once || (error instanceof UnansweredError && !error.sent)
}
