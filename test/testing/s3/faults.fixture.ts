// What may go wrong between a client and S3, at the service and on the way.
import type { ServerResponse } from 'node:http'
import { refusalAnswer, type S3Answer, S3Refusal, type S3Request } from './exchange.fixture.ts'

/** Chosen for each request; undefined lets it through. */
export type ChooseFault = (request: S3Request, index: number) => S3Fault | undefined

export interface S3Fault {
  /** The request is not carried out. */
  undone?: boolean
  /** In the place of the answer. */
  answer?: S3Answer
  /** Sends so many bytes of the body and then ends the connection; 0 ends it before the status. */
  cutAt?: number
  /** Sends so many bytes of the body and nothing more; 0 sends no status either. */
  stallAt?: number
}

export const FAULTS = {
  slowDown: (seconds = 1): S3Fault => refuse(503, 'SlowDown', { 'retry-after': `${seconds}` }),
  internalError: (): S3Fault => refuse(500, 'InternalError'),
  /** AWS answers so when two conditional writes meet. */
  conflict: (): S3Fault => refuse(409, 'ConditionalRequestConflict'),
  commitThenFail: (): S3Fault => ({ ...refuse(500, 'InternalError'), undone: false }),
  reset: (): S3Fault => ({ undone: true, cutAt: 0 }),
  commitThenReset: (): S3Fault => ({ cutAt: 0 }),
  truncate: (bytes = 1): S3Fault => ({ cutAt: bytes }),
  hang: (): S3Fault => ({ undone: true, stallAt: 0 }),
  stall: (bytes = 1): S3Fault => ({ stallAt: bytes }),
} as const

export function refuse(status: number, code: string, headers?: Record<string, string>): S3Fault {
  return { undone: true, answer: refusalAnswer(new S3Refusal(status, code, `Refused with ${code}`, headers)) }
}

/** Sends the answer with what a fault makes of it. */
export function send(response: ServerResponse, { status, headers, body = '' }: S3Answer, fault: S3Fault = {}): void {
  const bytes = Buffer.from(body as string)
  const kept = fault.cutAt ?? fault.stallAt
  if (kept === undefined) {
    response.writeHead(status, { 'content-length': bytes.length, ...headersFor(response, headers) }).end(bytes)
    return
  }
  if (kept > 0) {
    response.writeHead(status, { ...headers, 'content-length': bytes.length })
    response.write(bytes.subarray(0, kept), () => fault.cutAt !== undefined && response.destroy())
  } else if (fault.cutAt === 0) {
    response.destroy()
  }
}

/** HEAD says how long the body would be; with a body its own length counts. */
function headersFor({ req }: ServerResponse, headers: Record<string, string> = {}): Record<string, string> {
  if (req.method === 'HEAD') return headers
  const { 'content-length': _, ...others } = headers
  return others
}
