// Makes the new snapshot out of the old one and a delta, trusting nothing in the delta: the listing is checked against the
// digest, files against the listing. What the old snapshot's blocks do not have is given to a packer.
import { createChunker, MAX_CHUNK } from '../../core/chunker.ts'
import type { OpenDelta } from '../../core/delta/apply.ts'
import { malformed } from '../../core/delta/delta-format.ts'
import { AetherError } from '../../core/errors.ts'
import { type ChunkId, type Digest, sha256Hex } from '../../core/id.ts'
import { contentLength, decodeListing, listingDigest } from '../../core/listing.ts'
import { MAX_INLINE } from '../../core/record.ts'
import { segmentsOf } from '../../core/segments.ts'
import { decodeTimes } from '../../core/times.ts'
import { cutStream } from '../cut-stream.ts'
import type { Packer } from '../packer.ts'
import { createFileCheck } from './file-check.ts'
import { createKnownCuts } from './known-cuts.ts'
import { createPieceCursor, type PieceCursor } from './piece-cursor.ts'
import type { OpenedSnapshot } from './stored-snapshot.ts'

const GiB = 1024 ** 3
const MiB = 1024 ** 2

/** @param size bytes of the delta. The packer is not finished by this. @throws {AetherError} `integrity`, `too-large` */
export async function takeDelta(
  old: OpenedSnapshot,
  to: Digest,
  delta: OpenDelta,
  size: number,
  packer: Pick<Packer, 'has' | 'add'>,
): Promise<void> {
  checkHeader(old, to, delta, size)
  const lengths = delta.header.toLengths
  const cursor = createPieceCursor(delta.pieces(old.image), old.image)
  const text = await readOut(cursor, lengths.listing)
  if (listingDigest(text) !== to) throw malformed('its listing has another digest')
  const entries = decodeListing(text)
  if (contentLength(entries) !== lengths.content) throw malformed('its content is not as long as its listing says')
  const times = await readOut(cursor, lengths.times)
  decodeTimes(times, entries.length)

  const cuts = await createKnownCuts(old)
  const add = async (bytes: Uint8Array) => {
    const id = sha256Hex(bytes) as ChunkId
    if (!cuts.has(id) && !packer.has(id)) await packer.add(id, bytes)
  }
  const sizes = entries.map((entry) => (entry.kind === 'file' ? entry.size : 0))
  const files = createFileCheck(old, entries)
  const chunker = createContentCutter(cursor, files, cuts, add)
  for (const segment of segmentsOf(sizes)) await chunker.cut(segment.length)
  await cursor.finish()
  for (const stream of [text, times]) {
    if (stream.length > MAX_INLINE) for (const chunk of cutStream([stream])) await add(chunk)
  }
}

/** What a few bytes may ask for is bounded: a delta can say to copy the same bytes again and again. */
function checkHeader({ record, image }: OpenedSnapshot, to: Digest, { header }: OpenDelta, size: number): void {
  if (header.from !== record.digest || header.to !== to) throw malformed('it is between other snapshots')
  const { listing, times, content } = image.lengths
  const { fromLengths, toLengths } = header
  if (fromLengths.listing !== listing || fromLengths.times !== times || fromLengths.content !== content)
    throw malformed('it is for another old image')
  const books = toLengths.listing + toLengths.times
  if (books > 4 * (listing + times) + 1000 * size + 64 * MiB || toLengths.content > 4 * content + 1000 * size + GiB)
    throw new AetherError('too-large', 'The delta makes too much for its size', { hint: 'Push without a delta' })
}

async function readOut(cursor: PieceCursor, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  for (let done = 0; done < length; ) {
    const part = await cursor.look(length - done)
    bytes.set(part, done)
    cursor.skip(part.length)
    done += part.length
  }
  return bytes
}

/** Cuts segment after segment. Chunks of the old snapshot that are copied are passed over, unless a file needs their bytes. */
function createContentCutter(
  cursor: PieceCursor,
  files: ReturnType<typeof createFileCheck>,
  cuts: Awaited<ReturnType<typeof createKnownCuts>>,
  add: (bytes: Uint8Array) => Promise<void>,
) {
  const chunker = createChunker()
  const chunk = Buffer.allocUnsafeSlow(MAX_CHUNK)

  async function cut(length: number): Promise<void> {
    for (let left = length; left > 0; ) left -= (await takeKnown(left)) || (await takeNew(left))
    chunker.reset()
  }

  /** Length of the old chunk that lies here; 0 when there is none. */
  async function takeKnown(left: number): Promise<number> {
    const copy = await cursor.copy()
    const length = copy ? cuts.at(copy, left) : 0
    if (length === 0) return 0
    if (!files.needBytes(length, copy)) {
      files.pass(length, copy)
      cursor.skip(length)
    } else await walk(length, () => undefined)
    return length
  }

  async function takeNew(left: number): Promise<number> {
    let filled = 0
    await walk(Math.min(left, MAX_CHUNK), (bytes) => {
      const end = chunker.nextCut(bytes)
      const taken = end < 0 ? bytes : bytes.subarray(0, end)
      chunk.set(taken, filled)
      filled += taken.length
      return end < 0 ? undefined : taken.length
    })
    await add(chunk.subarray(0, filled))
    return filled
  }

  /** Shows so many bytes to the files and to `use`, which may end the walk by telling how many of them it has taken. */
  async function walk(length: number, use: (bytes: Uint8Array) => number | undefined): Promise<void> {
    for (let left = length; left > 0; ) {
      const bytes = await cursor.look(left)
      const last = use(bytes)
      const taken = bytes.subarray(0, last ?? bytes.length)
      files.take(taken, await cursor.copy())
      cursor.skip(taken.length)
      if (last !== undefined) return
      left -= taken.length
    }
  }

  return { cut }
}
