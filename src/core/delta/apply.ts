// Reads a delta and says of what the new image is made, piece by piece. Nothing in a delta is trusted: every length is
// bounded before memory is taken for it, and what comes out is only as good as the hashes that its reader checks it against.
import { createHash } from 'node:crypto'
import { type ByteQueue, createByteQueue } from './byte-queue.ts'
import { type ByteSource, createPeeker, type Peeker } from './byte-source.ts'
import {
  type DeltaHeader,
  type DeltaOp,
  decodeHead,
  decodeHeader,
  type GroupHead,
  imageLength,
  MAX_DICTIONARY,
  MAX_HEAD,
  MAX_HEADER,
  malformed,
  unpackData,
} from './delta-format.ts'
import { createPieceJoiner, type DeltaPiece } from './join-pieces.ts'
import { DICTIONARY_PREFIX, dictionaryLength, windowsOf } from './windows.ts'

export interface OpenDelta {
  header: DeltaHeader
  /** All pieces, in order; none is empty. Ends only when the delta was whole. The source may use `into`. */
  pieces(from: ByteSource): AsyncGenerator<DeltaPiece>
  /** In the place of the pieces: what each group does, without decoding its data and without the old image. */
  groups(): AsyncGenerator<DeltaGroup>
}

/** A group as it lies in the delta. */
export interface DeltaGroup {
  /** They make the next bytes of the new image. */
  ops: readonly DeltaOp[]
  /** Bytes in the delta, of head and data. */
  bytes: number
}

/** @throws {AetherError} `integrity` for anything that is no delta, here and while pieces are read. */
export async function openDelta(bytes: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<OpenDelta> {
  const queue = createByteQueue(bytes)
  const sum = createHash('sha256')
  const { header, length } = decodeHeader(await queue.peek(MAX_HEADER))
  sum.update(await take(queue, length))
  let consumed = length

  async function* pieces(source: ByteSource): AsyncGenerator<DeltaPiece> {
    const from = createPeeker(source, { signal, recycle: true })
    if (from.length !== imageLength(header.fromLengths)) throw malformed('it is for an old image of another length')
    const joiner = createPieceJoiner(from)
    for await (const head of heads()) yield* joiner.join(head.ops, await dataOf(head, from))
    yield* joiner.flush()
  }

  async function* groups(): AsyncGenerator<DeltaGroup> {
    let begin = consumed
    for await (const { ops, storedLength } of heads()) {
      await taken(storedLength)
      yield { ops, bytes: consumed - begin }
      begin = consumed
    }
  }

  /** Those of all groups. Whoever gets one takes the data behind it. */
  async function* heads(): AsyncGenerator<GroupHead> {
    const fromLength = imageLength(header.fromLengths)
    let left = imageLength(header.toLengths)
    for (let head = await nextHead(fromLength); head !== undefined; head = await nextHead(fromLength)) {
      left -= lengthMadeBy(head)
      if (left < 0) throw malformed('it makes more than it announces')
      yield head
    }
    if (left > 0) throw malformed('it makes less than it announces')
    await checkEnd()
  }

  async function nextHead(fromLength: number): Promise<GroupHead | undefined> {
    const length = await headLength()
    if (length === 0) return undefined
    if (length > MAX_HEAD) throw malformed(`the head of a group has ${length} bytes`)
    return decodeHead(await taken(length), fromLength)
  }

  async function headLength(): Promise<number> {
    let length = 0
    for (let scale = 1; scale <= 2 ** 21; scale *= 128) {
      const [byte] = await taken(1)
      length += (byte! & 127) * scale
      if (byte! < 128) return length
    }
    throw malformed('the head of a group is longer than any may be')
  }

  /** The new bytes of all operations of a group. */
  async function dataOf(head: GroupHead, from: Peeker): Promise<Uint8Array> {
    const stored = await taken(head.storedLength)
    const length = head.ops.reduce((sum, op) => sum + op.dataLength, 0)
    return unpackData(head, stored, length, head.codec === 0 ? EMPTY : await dictionaryOf(head, from))
  }

  async function taken(length: number): Promise<Uint8Array> {
    const part = await take(queue, length)
    sum.update(part)
    consumed += length
    return part
  }

  async function checkEnd(): Promise<void> {
    const expected = sum.digest()
    if (!expected.equals(await take(queue, expected.length))) throw malformed('its bytes do not match its checksum')
    if ((await queue.peek(1)).length > 0) throw malformed('it has bytes behind its end')
  }

  return { header, pieces, groups }
}

function lengthMadeBy({ ops }: GroupHead): number {
  return ops.reduce((sum, { copyLength, dataLength }) => sum + copyLength + dataLength, 0)
}

const EMPTY = new Uint8Array()

async function take(queue: ByteQueue, length: number): Promise<Uint8Array> {
  const bytes = await queue.take(length)
  if (bytes.length < length) throw malformed('it is cut short')
  return bytes
}

async function dictionaryOf(head: GroupHead, from: Peeker): Promise<Uint8Array> {
  const windows = windowsOf(head, from.length)
  const length = dictionaryLength(windows)
  if (length > MAX_DICTIONARY) throw malformed('the dictionary of a group is larger than any may be')
  const bytes = new Uint8Array(length)
  bytes[0] = DICTIONARY_PREFIX // of an empty one there is no first byte
  let filled = 1
  for (const { start, end } of windows) {
    bytes.set(await from.range(start, end - start), filled)
    filled += end - start
  }
  return bytes
}
