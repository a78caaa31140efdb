// Makes a snapshot of files whose bytes come joined in listing order: cut, held against what is known, packed.
import { freeMemory } from '../../core/free-memory.ts'
import { type ChunkId, type FileHash, sha256Hex } from '../../core/id.ts'
import { createListingDigest, type Entry, listingPieces } from '../../core/listing.ts'
import type { SnapshotRecord } from '../../core/record.ts'
import { type Segment, segmentsOf } from '../../core/segments.ts'
import { timesPieces } from '../../core/times.ts'
import { assembleRecord } from '../assemble-record.ts'
import { createBufferPool } from '../buffer-pool.ts'
import { type ChunkList, createChunkList } from '../chunk-list.ts'
import type { KnownChunks } from '../known-chunks.ts'
import type { Packer } from '../packer.ts'
import { createScanner, WINDOW_BYTES, type Window } from '../scan/scanner.ts'
import type { Piece, SegmentReader } from '../source.ts'
import { stageStream } from '../stage-stream.ts'

export interface BuiltFile {
  path: string
  /** Bytes. */
  size: number
  modifiedMicros: number
}

/** The next bytes of the content; none at its end. Their buffer is given away: nobody else has it. */
export type ReadNext = () => Promise<Uint8Array>

export interface BuildParts {
  known: KnownChunks
  packer: Packer
  words: { message: string; labels: Record<string, string> }
}

const EMPTY_FILE = sha256Hex('') as FileHash

/** @param files in byte order of their paths. The packer is finished after this. @throws {AetherError} `invalid` when they are no listing */
export async function buildSnapshot(
  files: readonly BuiltFile[],
  next: ReadNext,
  { known, packer, words }: BuildParts,
): Promise<SnapshotRecord> {
  const hashes = new Array<FileHash>(files.length).fill(EMPTY_FILE)
  const content = await packContent(files, next, hashes, { known, packer })
  const digest = createListingDigest()
  const text = listingPieces(entriesOf(files, hashes)).map((piece) => digest.take(piece))
  const listing = await stageStream(text, known, packer)
  const times = await stageStream(timesPieces(files.values().map((file) => file.modifiedMicros)), known, packer)
  await packer.finish()
  return assembleRecord({ digest: digest.finish(), listing, times, content }, known, packer, words)
}

function entriesOf(files: readonly BuiltFile[], hashes: readonly FileHash[]): IteratorObject<Entry> {
  return files.values().map(({ path, size }, place) => ({
    kind: 'file' as const,
    path,
    executable: false,
    size,
    hash: hashes[place]!,
  }))
}

async function packContent(
  files: readonly BuiltFile[],
  next: ReadNext,
  hashes: FileHash[],
  { known, packer }: Pick<BuildParts, 'known' | 'packer'>,
): Promise<ChunkList> {
  const sizeOf = (place: number) => files[place]!.size
  const windows = createBufferPool(WINDOW_BYTES, 2)
  const onHash = (place: number, hash: FileHash) => {
    hashes[place] = hash
  }
  const scanner = createScanner({ sizeOf, onHash, takeBuffer: windows.take })
  const chunks = createChunkList()
  const take = async ({ bytes, chunks: found }: Window) => {
    for (const { segment, id, length, offset } of found) {
      chunks.add(segment, id, length)
      if (!isKnown(id)) await packer.add(id, bytes.subarray(offset, offset + length))
    }
    windows.give(bytes)
  }
  const isKnown = (id: ChunkId) => known.get(id) !== undefined || packer.has(id)

  const readSegment = createSegmentReaders(sizeOf, next)
  for (const segment of segmentsOf(files.values().map(({ size }) => size)))
    for await (const window of scanner.scan(readSegment(segment), undefined)) await take(window)
  await take(scanner.flush())
  return chunks.finish()
}

/** Readers of segments in content order, each read to its end. */
function createSegmentReaders(sizeOf: (place: number) => number, next: ReadNext): (segment: Segment) => SegmentReader {
  let whole: Uint8Array = new Uint8Array() // what came last
  let rest = whole // what of it was not asked for yet

  async function takeNext(): Promise<void> {
    freeMemory(whole)
    whole = await next()
    rest = whole
    if (rest.length === 0) throw new Error('The content ends before its files do')
  }

  async function* pieces({ first, end }: Segment): AsyncGenerator<Piece> {
    for (let place = first; place < end; place++) {
      for (let left = sizeOf(place); left > 0; ) {
        if (rest.length === 0) await takeNext()
        const bytes = rest.subarray(0, left)
        rest = rest.subarray(bytes.length)
        left -= bytes.length
        yield { place, bytes, last: left === 0 }
      }
    }
  }

  return (segment) => {
    const reading = pieces(segment)
    return { segment, read: async () => (await reading.next()).value, skip: refuseToSkip }
  }
}

function refuseToSkip(): never {
  throw new Error('Content that comes by itself cannot be skipped')
}
