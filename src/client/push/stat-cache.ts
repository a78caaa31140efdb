// What is known of a source since it was pushed last: the stamp and hash of each file, and the chunks that they made.
// A private file; when it is missing, old or damaged, everything is read anew.
//
// It is never in memory as a whole: the length of a head, 32 bits; the head, JSON; of all chunks the ids, of all the lengths,
// and of all whether they end a segment (chunk-list.ts); the entries (cached-entries.ts); the SHA-256 of all before.
import { join } from 'node:path'
import { type Digest, ID_BYTES, sha256Hex } from '../../core/id.ts'
import type { ChunkList } from '../../dataset/chunk-list.ts'
import type { EntryTable } from '../../dataset/entry-table.ts'
import { replaceFile } from '../../dataset/replace-file.ts'
import { cachedEntries, createComparison, PIECE_BYTES } from './cached-entries.ts'
import type { KnownFiles } from './known-files.ts'
import { openSealed, type SealedFile, sealed } from './sealed-file.ts'

/** What the last push of a source found out, but for its entries. */
export interface LastPush {
  digest: Digest
  /** Chunks of the content in order. */
  chunks: ChunkList
  /** For "host/dataset", a digest that is known to be there whole, because this program put or found it there. */
  pushed: Record<string, string>
}

export interface StatCache {
  last: LastPush
  /** What it knows of the entries as they are now. */
  known: KnownFiles
}

const MAGIC = 'aetherfs stat cache 3'
const LENGTH_BYTES = 4

/** The file for a source: one for each combination of place and filters. */
export function statCachePath(folder: string, key: string): string {
  return join(folder, 'sources', sha256Hex(key))
}

export function writeStatCache(path: string, { last, known }: StatCache, entries: EntryTable): Promise<void> {
  return replaceFile(path, sealed(bodyOf(last, cachedEntries(entries, known))))
}

function headOf({ digest, chunks, pushed }: LastPush) {
  return { magic: MAGIC, digest, pushed, chunks: chunks.lengths.length }
}

function* bodyOf(last: LastPush, entries: Iterable<Uint8Array>): Generator<Uint8Array> {
  const head = Buffer.from(JSON.stringify(headOf(last)))
  yield bytesOf(Uint32Array.of(head.length))
  yield head
  yield last.chunks.ids
  yield bytesOf(last.chunks.lengths)
  yield last.chunks.final
  yield* entries
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/** Undefined when there is nothing usable. */
export async function readStatCache(path: string, entries: EntryTable): Promise<StatCache | undefined> {
  try {
    await using file = await openSealed(path)
    const cache = await decode(file, entries)
    return (await file.isWhole()) ? cache : undefined
  } catch {
    return undefined // absent, damaged or of another version: the source is read anew
  }
}

async function decode(file: SealedFile, entries: EntryTable): Promise<StatCache> {
  const [length = 0] = new Uint32Array((await file.take(LENGTH_BYTES)).buffer)
  const head = Buffer.from(await file.take(length)).toString()
  const { magic, digest, pushed, chunks: count } = JSON.parse(head) as ReturnType<typeof headOf>
  if (magic !== MAGIC) throw new Error('another version')
  const ids = await file.take(count * ID_BYTES)
  const lengths = new Uint32Array((await file.take(count * Uint32Array.BYTES_PER_ELEMENT)).buffer)
  const final = await file.take(count)
  return { last: { digest, pushed, chunks: { ids, lengths, final } }, known: await compare(file, entries) }
}

async function compare(file: SealedFile, entries: EntryTable): Promise<KnownFiles> {
  const comparison = createComparison(entries)
  const buffer = new Uint8Array(PIECE_BYTES)
  while (file.left() > 0) {
    const piece = buffer.subarray(0, Math.min(file.left(), PIECE_BYTES))
    await file.fill(piece)
    comparison.push(piece)
  }
  return comparison.end()
}
