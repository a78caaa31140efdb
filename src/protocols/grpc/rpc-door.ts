// gRPC, gRPC-web and Connect on their own paths: "/package.Service/Method".
// The protocols are Connect's; it is called directly because its adapter for Node logs to the console.
import type { DescMethod } from '@bufbuild/protobuf'
import { type ConnectRouter, createConnectRouter, createContextValues, type HandlerContext } from '@connectrpc/connect'
import type { UniversalHandler } from '@connectrpc/connect/protocol'
import {
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from '@connectrpc/connect-node'
import { AetherError } from '../../core/errors.ts'
import { sendEmpty } from '../answer.ts'
import type { RpcDoor } from '../dispatch.ts'
import type { Exchange } from '../exchange.ts'
import { HttpError } from '../http-error.ts'
import type { Limits } from '../limits.ts'
import { tooLarge } from '../request-body.ts'
import { callError } from './call-error.ts'
import { EXCHANGE, exchangeOf } from './exchange-key.ts'

/** Bytes around a message: envelopes, and room for clients that send more than one. */
const ENVELOPE = 64 * 1024

export interface RpcDoorOptions {
  /** Services that are answered without asking who calls. */
  open: ReadonlySet<string>
  /** Methods whose clients may send nothing for as long as they like. */
  resting: ReadonlySet<DescMethod>
}

export function createRpcDoor(
  routes: (router: ConnectRouter) => void,
  { open, resting }: RpcDoorOptions,
  limits: Limits,
): RpcDoor {
  const router = createConnectRouter({
    readMaxBytes: limits.messageBytes,
    acceptCompression: [compressionGzip],
    compressMinBytes: limits.compressBytes,
    requestGate: refuse,
  })
  routes(router)
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]))
  const services = new Set(router.handlers.map((handler) => handler.service.typeName))

  return {
    find({ path, req }) {
      const handler = handlers.get(path)
      if (handler) {
        const handle = (exchange: Exchange) => {
          exchange.bodyMayRest = resting.has(handler.method)
          return serve(handler, exchange)
        }
        return { template: path, open: open.has(handler.service.typeName), tellsRefusal: true, handle }
      }
      const isCall = services.has(firstSegment(path)) || isGrpc(req.headers['content-type'])
      return isCall ? { template: 'unknown call', open: true, handle: answerUnknown } : undefined
    },
  }
}

/** Runs when the headers are there and no byte of the body has been read. */
function refuse(context: HandlerContext): void {
  const exchange = exchangeOf(context)
  const { refusal, req, limits } = exchange
  if (refusal) throw callError(refusal, exchange)
  const maxBytes = limits.messageBytes + ENVELOPE
  if (Number(req.headers['content-length'] ?? 0) > maxBytes) throw callError(tooLarge(limits.messageBytes), exchange)
}

async function serve(handler: UniversalHandler, exchange: Exchange): Promise<void> {
  if (exchange.authority === undefined) throw new HttpError(400, 'invalid', 'The request names no host')
  const { req, res } = exchange
  const request = universalRequestFromNodeRequest(req, res, undefined, createContextValues().set(EXCHANGE, exchange))
  const response = await handler({ ...request, body: explained(request.body as AsyncIterable<Uint8Array>, exchange) })
  if (response.status >= 400 && !response.body) throw misused(response.status)
  // Its promise never resolves when all is well: it waits for an event that answers do not have.
  universalResponseToNodeResponse(response, res).catch((error) => endBroken(exchange, error))
}

/** What Connect answers without a word when a request is none of its protocols. */
function misused(status: number): HttpError {
  const headers: Record<string, string> = status === 405 ? { allow: 'POST' } : {}
  const hint =
    'Calls are POST requests of gRPC, gRPC-web or Connect; streams in both directions need HTTP/2. The same is under /api as REST'
  return new HttpError(status, 'invalid', 'This is an address for RPC, and the request is none', { headers, hint })
}

/** Connect takes unknown errors of the body for defects of ours. */
async function* explained(body: AsyncIterable<Uint8Array>, exchange: Exchange): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch (error) {
    throw callError(error, exchange)
  }
}

function endBroken(exchange: Exchange, error: unknown): void {
  const { res, signal } = exchange
  if (!signal.aborted) exchange.log.error({ err: error }, 'answer broken off')
  res.destroy()
}

function firstSegment(path: string): string {
  const end = path.indexOf('/', 1)
  return path.slice(1, end < 0 ? undefined : end)
}

function isGrpc(contentType: string | undefined): boolean {
  return contentType !== undefined && /^application\/grpc\b/.test(contentType)
}

/** gRPC clients look for their own status and take anything else for a fault of the network. */
async function answerUnknown(exchange: Exchange): Promise<void> {
  const message = `There is no call "${exchange.path}"`
  const contentType = exchange.req.headers['content-type']
  if (!isGrpc(contentType)) throw new AetherError('not-found', message)
  const headers = { 'content-type': contentType!, 'grpc-status': '12', 'grpc-message': encodeURIComponent(message) }
  exchange.outcome = 'not-found'
  return sendEmpty(exchange, 200, headers)
}
