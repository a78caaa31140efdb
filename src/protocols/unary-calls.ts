// Unary calls of a service without a word about the protocol that carries them: RPC and REST both serve these.
import {
  create,
  type DescMessage,
  type DescMethod,
  type DescMethodUnary,
  type DescService,
  type Message,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf'
import type { Caller } from '../hub/hub.ts'

/** Who calls, and until when it is of use to go on. */
export interface Call {
  caller: Caller
  signal: AbortSignal
}

/** An implementation of all methods of a service. Failures are AetherErrors. */
export type UnaryCalls<S extends DescService> = {
  [K in keyof S['method']]: S['method'][K] extends DescMethodUnary<infer I, infer O>
    ? (request: MessageShape<I>, call: Call) => Promise<MessageInitShape<O>>
    : never
}

/** A method and what it does. */
export interface BoundCall {
  method: DescMethodUnary
  run(request: Message, call: Call): Promise<Message>
}

type AnyCall = (request: Message, call: Call) => Promise<MessageInitShape<DescMessage>>

/** @throws {TypeError} for a service with streams. */
export function bindCalls<S extends DescService>(service: S, calls: UnaryCalls<S>): BoundCall[] {
  // UnaryCalls has seen to it that each method meets its own messages; here they are all alike.
  const byName = calls as unknown as Record<string, AnyCall>
  const methods: readonly DescMethod[] = service.methods
  return methods.map((method) => {
    if (!isUnary(method)) throw new TypeError(`${method.name} is not unary`)
    const call = byName[method.localName]!
    return { method, run: async (request, context) => create(method.output, await call(request, context)) }
  })
}

/** One method by itself, for services that have streams too. */
export function bindCall<I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  call: (request: MessageShape<I>, call: Call) => Promise<MessageInitShape<O>>,
): BoundCall {
  const run = async (request: Message, context: Call) =>
    create(method.output, await call(request as MessageShape<I>, context))
  return { method, run }
}

function isUnary(method: DescMethod): method is DescMethodUnary {
  return method.methodKind === 'unary'
}
