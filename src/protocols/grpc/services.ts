// All services of the hub's port, as the RPC protocols offer them.
import type { Message } from '@bufbuild/protobuf'
import { Code, ConnectError, type ConnectRouter, type HandlerContext } from '@connectrpc/connect'
import { Health } from '../../gen/grpc/health/v1/health_pb.ts'
import { ServerReflection } from '../../gen/grpc/reflection/v1/reflection_pb.ts'
import { ServerReflection as AlphaReflection } from '../../gen/grpc/reflection/v1alpha/reflection_pb.ts'
import type { RpcDoor } from '../dispatch.ts'
import type { Exchange } from '../exchange.ts'
import type { Limits } from '../limits.ts'
import type { Readiness } from '../readiness.ts'
import type { BoundStream } from '../stream-calls.ts'
import type { BoundCall } from '../unary-calls.ts'
import { callError } from './call-error.ts'
import { exchangeOf } from './exchange-key.ts'
import { createHealth } from './health.ts'
import { createReflection } from './reflection.ts'
import { createRpcDoor } from './rpc-door.ts'

export interface RpcOptions {
  calls: readonly BoundCall[]
  streams: readonly BoundStream[]
  readiness: Readiness
  limits: Limits
  /** Aborts when the server is about to end. */
  ending: AbortSignal
}

export function createServices({ calls, streams, readiness, limits, ending }: RpcOptions): RpcDoor {
  const own = [...new Set([...calls, ...streams].map(({ method }) => method.parent))]
  const services = own.map((service) => service.typeName)
  const reflection = createReflection([...own, Health, ServerReflection, AlphaReflection])
  const routes = (router: ConnectRouter) => {
    for (const call of calls) offer(router, call)
    for (const stream of streams) offerStream(router, stream)
    router.service(Health, createHealth({ services, readiness, limits, ending }))
    router.service(ServerReflection, reflection.v1)
    router.service(AlphaReflection, reflection.alpha)
  }
  const resting = streams.filter(({ mayRest }) => mayRest).map(({ method }) => method)
  return createRpcDoor(routes, { open: new Set([Health.typeName]), resting: new Set(resting) }, limits)
}

function offer(router: ConnectRouter, { method, run }: BoundCall): void {
  router.rpc(method, async (request, context) => {
    const exchange = exchangeOf(context)
    const { signal } = context
    try {
      return await run(request, { caller: exchange.caller, signal })
    } catch (error) {
      throw callError(error, exchange, signal)
    }
  })
}

/** Bulk bytes are not compressed: that would make them a third as fast. */
const AS_THEY_ARE = { compressMinBytes: Number.MAX_SAFE_INTEGER }

function offerStream(router: ConnectRouter, stream: BoundStream): void {
  const { method, maxBytes } = stream
  const options = maxBytes === undefined ? AS_THEY_ARE : { ...AS_THEY_ARE, readMaxBytes: maxBytes }
  switch (method.methodKind) {
    case 'server_streaming':
      router.rpc(method, (request, context) => answers(stream, only(request), context), options)
      break
    case 'client_streaming':
      router.rpc(method, (requests, context) => first(answers(stream, requests, context)), options)
      break
    case 'bidi_streaming':
      router.rpc(method, (requests, context) => answers(stream, requests, context), options)
  }
}

/** Connect leaves answers where they are when the client has gone: they are ended here, so that they let go of what they hold. */
function answers(
  stream: BoundStream,
  requests: AsyncIterable<Message>,
  context: HandlerContext,
): AsyncGenerator<Message> {
  const exchange = exchangeOf(context)
  const running = run(stream, requests, context, exchange)
  const end = () => void running.return(undefined).catch(() => {}) // there is nobody to be told
  exchange.signal.addEventListener('abort', end, { once: true })
  return running
}

async function* run(
  stream: BoundStream,
  requests: AsyncIterable<Message>,
  context: HandlerContext,
  exchange: Exchange,
): AsyncGenerator<Message> {
  const { signal } = context
  const header = (name: string) => exchange.req.headers[name]?.toString()
  try {
    yield* stream.run(requests, { caller: exchange.caller, signal, header })
  } catch (error) {
    throw callError(error, exchange, signal)
  }
}

async function* only(request: Message): AsyncGenerator<Message> {
  yield request
}

async function first(messages: AsyncIterable<Message>): Promise<Message> {
  for await (const message of messages) return message
  throw new ConnectError('The call ended without an answer', Code.Internal)
}
