// Streaming calls of a service without a word about the protocol that carries them. Whichever side streams, a call takes
// requests as they come and gives answers as they are there.
import {
  create,
  type DescMessage,
  type DescMethodBiDiStreaming,
  type DescMethodClientStreaming,
  type DescMethodServerStreaming,
  type Message,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf'
import type { Call } from './unary-calls.ts'

export interface StreamCall extends Call {
  /** A header of the request, also called metadata, by its name in lower case. */
  header(name: string): string | undefined
}

export type StreamMethod<I extends DescMessage = DescMessage, O extends DescMessage = DescMessage> =
  | DescMethodServerStreaming<I, O>
  | DescMethodClientStreaming<I, O>
  | DescMethodBiDiStreaming<I, O>

/** A method and what it does. */
export interface BoundStream {
  method: StreamMethod
  /** Longest request that is read, in bytes. @default that of all calls */
  maxBytes: number | undefined
  /** Whether the client may send nothing for as long as it likes. */
  mayRest: boolean
  run(requests: AsyncIterable<Message>, call: StreamCall): AsyncIterable<Message>
}

/** @param run failures are AetherErrors. Where only the client streams, its first answer counts. */
export function bindStream<I extends DescMessage, O extends DescMessage>(
  method: StreamMethod<I, O>,
  run: (requests: AsyncIterable<MessageShape<I>>, call: StreamCall) => AsyncIterable<MessageInitShape<O>>,
  { maxBytes, mayRest = false }: { maxBytes?: number; mayRest?: boolean } = {},
): BoundStream {
  async function* messages(requests: AsyncIterable<Message>, call: StreamCall): AsyncGenerator<Message> {
    for await (const answer of run(requests as AsyncIterable<MessageShape<I>>, call))
      yield create(method.output, answer)
  }
  return { method, maxBytes, mayRest, run: messages }
}
