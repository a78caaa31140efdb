// The bytes of a delta: a header, groups of operations, an end with a checksum. The law for them: docs/format.md, section 10.
import { constants, type ZstdOptions, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { AetherError } from '../errors.ts'
import { type Digest, ID_BYTES, idFromBytes, idToBytes } from '../id.ts'
import { MAX_LISTING_BYTES } from '../listing.ts'
import { createVarintReader, pushVarint } from '../varint.ts'

export const DELTA_MAGIC = Buffer.from('AFSD\x01', 'latin1')

/** Plain bytes that the operations of one group add, at most. */
export const MAX_GROUP_DATA = 256 * 1024
/** Operations of a group at most. */
export const MAX_GROUP_OPS = 16_384
/** Bytes of the dictionary of a group at most. */
export const MAX_DICTIONARY = 768 * 1024
/** Bytes of a group's head at most, as it is stored and plain. */
export const MAX_HEAD = 512 * 1024
/** Longest header: magic, two digests, six varints. */
export const MAX_HEADER = DELTA_MAGIC.length + 2 * ID_BYTES + 6 * 8
/** Longest padding of a window on either side. */
export const MAX_PAD = 256 * 1024

/** Lengths of the three parts of a snapshot's image, in bytes. */
export interface ImageLengths {
  listing: number
  times: number
  content: number
}

export interface DeltaHeader {
  from: Digest
  to: Digest
  fromLengths: ImageLengths
  toLengths: ImageLengths
}

/** A copy from the old image, and then bytes that are new. Either may have no length. */
export interface DeltaOp {
  copyFrom: number
  copyLength: number
  dataLength: number
}

export interface GroupHead {
  ops: readonly DeltaOp[]
  /** How far windows reach before and behind what the operations are next to. */
  before: number
  after: number
  codec: 0 | 1
  /** Bytes of the data as they are stored. */
  storedLength: number
}

export function imageLength({ listing, times, content }: ImageLengths): number {
  return listing + times + content
}

export function encodeHeader({ from, to, fromLengths, toLengths }: DeltaHeader): Buffer {
  const numbers: number[] = []
  for (const { listing, times, content } of [fromLengths, toLengths])
    for (const length of [listing, times, content]) pushVarint(numbers, length)
  return Buffer.concat([DELTA_MAGIC, idToBytes(from), idToBytes(to), Buffer.from(numbers)])
}

/** @param bytes the beginning of a delta, MAX_HEADER bytes if it has so many */
export function decodeHeader(bytes: Uint8Array): { header: DeltaHeader; length: number } {
  if (!DELTA_MAGIC.equals(bytes.subarray(0, DELTA_MAGIC.length)))
    throw malformed('it does not begin as a delta of this format version')
  const reader = createVarintReader(bytes.subarray(DELTA_MAGIC.length), 'delta', 'integrity')
  const from = idFromBytes<Digest>(reader.take(ID_BYTES))
  const to = idFromBytes<Digest>(reader.take(ID_BYTES))
  const numbers = Array.from({ length: 6 }, () => reader.next()) as [number, number, number, number, number, number]
  const header = { from, to, fromLengths: lengthsOf(numbers.slice(0, 3)), toLengths: lengthsOf(numbers.slice(3)) }
  return { header, length: encodeHeader(header).length }
}

function lengthsOf([listing = 0, times = 0, content = 0]: number[]): ImageLengths {
  if (listing > MAX_LISTING_BYTES || times > MAX_LISTING_BYTES) throw malformed('a listing is longer than any may be')
  if (!Number.isSafeInteger(listing + times + content)) throw malformed('a snapshot is larger than any may be')
  return { listing, times, content }
}

/** The head of a group with its own length in front. */
export function encodeHead(head: GroupHead): Buffer {
  const plain = plainHead(head)
  const packed = zstdCompressSync(plain, { pledgedSrcSize: plain.length, chunkSize: plain.length + 1024 })
  const [codec, bytes] = packed.length < plain.length ? [1, packed] : [0, plain]
  const length: number[] = []
  pushVarint(length, bytes.length + 1)
  return Buffer.concat([Buffer.from([...length, codec]), bytes])
}

/** Columns, because equal kinds of numbers beside each other compress well. */
function plainHead({ ops, before, after, codec, storedLength }: GroupHead): Buffer {
  const out: number[] = []
  for (const number of [ops.length, before, after, codec, storedLength]) pushVarint(out, number)
  let expected = 0
  for (const { copyFrom, copyLength, dataLength } of ops) {
    pushSigned(out, copyFrom - expected)
    expected = copyFrom + copyLength + dataLength // where the copy begins when bytes were replaced by as many
  }
  for (const { copyLength } of ops) pushVarint(out, copyLength)
  for (const { dataLength } of ops) pushVarint(out, dataLength)
  return Buffer.from(out)
}

function pushSigned(out: number[], value: number): void {
  pushVarint(out, value >= 0 ? value * 2 : -value * 2 - 1)
}

/**
 * @param bytes of the head without its length in front
 * @param fromLength bytes of the old image; every copy has to lie in it
 * @throws {AetherError} `integrity`
 */
export function decodeHead(bytes: Uint8Array, fromLength: number): GroupHead {
  const reader = createVarintReader(unpackHead(bytes), 'delta', 'integrity')
  const count = reader.next()
  if (count < 1 || count > MAX_GROUP_OPS) throw malformed(`a group has ${count} operations`)
  const [before, after, codec, storedLength] = [reader.next(), reader.next(), reader.next(), reader.next()]
  if (before > MAX_PAD || after > MAX_PAD) throw malformed('a window is larger than any may be')
  if (codec !== 0 && codec !== 1) throw malformed(`a group has the unknown codec ${codec}`)
  if (storedLength > MAX_GROUP_DATA) throw malformed(`a group has ${storedLength} bytes of data`)
  const steps = Array.from({ length: count }, () => fromSigned(reader.next()))
  const copies = Array.from({ length: count }, () => reader.next())
  const datas = Array.from({ length: count }, () => reader.next())
  if (!reader.done()) throw malformed('a group has bytes behind its end')
  return { ops: placeOps(steps, copies, datas, fromLength), before, after, codec, storedLength }
}

function unpackHead(bytes: Uint8Array): Uint8Array {
  if (bytes[0] === 0) return bytes.subarray(1)
  if (bytes[0] !== 1) throw malformed('a group has an unknown kind of head')
  try {
    return zstdDecompressSync(bytes.subarray(1), { maxOutputLength: MAX_HEAD })
  } catch (cause) {
    throw malformed('the head of a group does not decode', cause)
  }
}

function fromSigned(coded: number): number {
  return coded % 2 === 0 ? coded / 2 : -(coded + 1) / 2
}

function placeOps(steps: number[], copies: number[], datas: number[], fromLength: number): DeltaOp[] {
  let expected = 0
  let data = 0
  let made = 0
  const ops = steps.map((step, i) => {
    const copyFrom = expected + step
    const copyLength = copies[i]!
    const dataLength = datas[i]!
    if (copyFrom < 0 || copyFrom + copyLength > fromLength) throw malformed('it copies what is not there')
    expected = copyFrom + copyLength + dataLength
    data += dataLength
    made += copyLength + dataLength
    return { copyFrom, copyLength, dataLength }
  })
  if (data > MAX_GROUP_DATA) throw malformed(`a group has ${data} bytes of data`)
  if (made === 0) throw malformed('a group makes nothing')
  return ops
}

const LEVEL = 3

/** The data of a group as it is stored. @param dictionary may be empty */
export function packData(data: Uint8Array, dictionary: Uint8Array): { codec: 0 | 1; bytes: Uint8Array } {
  if (data.length === 0) return { codec: 0, bytes: data }
  const options: ZstdOptions = {
    params: { [constants.ZSTD_c_compressionLevel]: LEVEL },
    pledgedSrcSize: data.length,
    chunkSize: data.length + 1024,
    ...(dictionary.length > 0 && {
      dictionary: Buffer.from(dictionary.buffer, dictionary.byteOffset, dictionary.length),
    }),
  }
  const packed = zstdCompressSync(data, options)
  return packed.length < data.length ? { codec: 1, bytes: packed } : { codec: 0, bytes: data }
}

/** @throws {AetherError} `integrity` when the bytes are not exactly `length` when they are decoded. */
export function unpackData(
  { codec }: Pick<GroupHead, 'codec'>,
  stored: Uint8Array,
  length: number,
  dictionary: Uint8Array,
): Uint8Array {
  const data = codec === 0 ? stored : decode(stored, length, dictionary)
  if (data.length !== length) throw malformed(`a group holds ${data.length} bytes where it says ${length}`)
  return data
}

function decode(stored: Uint8Array, length: number, dictionary: Uint8Array): Uint8Array {
  try {
    return zstdDecompressSync(stored, {
      params: { [constants.ZSTD_d_windowLogMax]: 20 },
      maxOutputLength: Math.max(1, length),
      chunkSize: length + 64,
      ...(dictionary.length > 0 && {
        dictionary: Buffer.from(dictionary.buffer, dictionary.byteOffset, dictionary.length),
      }),
    })
  } catch (cause) {
    throw malformed('the data of a group does not decode', cause)
  }
}

export function malformed(reason: string, cause?: unknown): AetherError {
  return new AetherError('integrity', `The delta is malformed: ${reason}`, { cause })
}
