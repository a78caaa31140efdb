// UploadRequests as JSON, one in each line, as gateways take streams.
import { fromJsonString } from '@bufbuild/protobuf'
import { AetherError } from '../../core/errors.ts'
import { UploadRequestSchema } from '../../gen/aetherfs/block/v1/block_api_pb.ts'

/** Bytes of a line at most: four MiB in base64, and what is around them. */
const MAX_LINE = 6 * 1024 * 1024

/** The bytes of the block. @throws {AetherError} `invalid`, `too-large` */
export async function* partsOfLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let begun: Buffer[] = [] // of a line whose end has not come yet
  let length = 0
  for await (const piece of body) {
    const bytes = Buffer.from(piece) // a copy: a line may need it for longer
    let start = 0
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      yield parseLine([...begun, bytes.subarray(start, end)])
      begun = []
      length = 0
      start = end + 1
    }
    begun.push(bytes.subarray(start))
    length += bytes.length - start
    if (length > MAX_LINE)
      throw new AetherError('too-large', `A line of the body is over ${MAX_LINE} bytes long`, {
        hint: 'Send the block in several requests, one in each line, or as application/octet-stream',
      })
  }
  if (length > 0) yield parseLine(begun)
}

function parseLine(parts: readonly Buffer[]): Uint8Array {
  const text = Buffer.concat(parts).toString().trim()
  if (text === '') return new Uint8Array()
  try {
    return fromJsonString(UploadRequestSchema, text).part
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new AetherError('invalid', `Cannot read a line of the body as a request: ${reason}`, { cause })
  }
}
