// Keeps answers of a service from filling memory. The SDK reads lists and refusals whole, however long they are.
import { Readable } from 'node:stream'
import type { NodeHttpHandler } from '@smithy/node-http-handler'
import { strangeAnswer } from './explain.ts'

/** Longest answer that is no object: a page of 1000 keys of 1024 bytes, encoded, in XML. */
export const MAX_ANSWER = 4 * 1024 * 1024

type Handler = Pick<
  NodeHttpHandler,
  'handle' | 'destroy' | 'updateHttpClientConfig' | 'httpHandlerConfigs' | 'metadata'
>

export function boundAnswers(handler: NodeHttpHandler): Handler {
  return {
    metadata: handler.metadata,
    updateHttpClientConfig: (key, value) => handler.updateHttpClientConfig(key, value),
    httpHandlerConfigs: () => handler.httpHandlerConfigs(),
    destroy: () => handler.destroy(),
    async handle(request, options) {
      const answer = await handler.handle(request, options)
      const { response } = answer
      const isObject = request.method === 'GET' && response.statusCode < 300 && !('list-type' in (request.query ?? {}))
      if (!isObject && response.body instanceof Readable) response.body = await readBounded(response.body)
      return answer
    },
  }
}

async function readBounded(body: Readable): Promise<Uint8Array> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of body as AsyncIterable<Buffer>) {
    length += piece.length
    if (length > MAX_ANSWER) throw strangeAnswer(`it has over ${MAX_ANSWER} bytes and is no object`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

/**
 * All of an object's bytes, of which there are `length`.
 * @throws {AetherError} `unavailable` when there are more or fewer; otherwise what broke the connection
 */
export async function readExactly(body: Readable, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer) // every byte is written below
  let done = 0
  for await (const piece of body as AsyncIterable<Buffer>) {
    if (done + piece.length > length) throw strangeAnswer(`it has more than the ${length} bytes that it announced`)
    bytes.set(piece, done)
    done += piece.length
  }
  if (done < length) throw strangeAnswer(`it has ${done} of the ${length} bytes that it announced`)
  return bytes
}
