// The streams of the snapshot that a source makes.
import { type FileHash, sha256Hex } from '../../core/id.ts'
import { createListingDigest, type Entry, listingPieces } from '../../core/listing.ts'
import { timesPieces } from '../../core/times.ts'
import type { EntryTable } from '../../dataset/entry-table.ts'
import type { KnownChunks } from '../../dataset/known-chunks.ts'
import type { Packer } from '../../dataset/packer.ts'
import { type Chunks, type StagedSnapshot, stageStream } from '../../dataset/stage-stream.ts'
import { hashAt, type KnownFiles } from './known-files.ts'
import type { PreparedSource } from './prepare.ts'

/** The hashes of all files must be known. */
export async function stageSnapshot(
  { entries, known: files }: PreparedSource,
  content: Chunks,
  known: KnownChunks,
  packer: Pick<Packer, 'has' | 'add'>,
): Promise<StagedSnapshot> {
  const digest = createListingDigest()
  const text = listingPieces(listingOf(entries, files)).map((piece) => digest.take(piece))
  const listing = await stageStream(text, known, packer)
  const times = await stageStream(timesPieces(entries.times()), known, packer)
  return { digest: digest.finish(), listing, times, content }
}

const EMPTY_FILE = sha256Hex('') as FileHash

/** As a listing has them; the hashes of all files must be known. */
export function* listingOf(entries: EntryTable, files: KnownFiles): Generator<Entry> {
  for (let place = 0; place < entries.length; place++) {
    const { kind, path, executable, size, target } = entries.at(place)
    if (kind === 'folder') yield { kind, path }
    else if (kind === 'link') yield { kind, path, target }
    else yield { kind, path, executable, size, hash: size === 0 ? EMPTY_FILE : hashAt(files, place) }
  }
}
