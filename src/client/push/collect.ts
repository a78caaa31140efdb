// Goes through the content of a source: finds its chunks, gives those that the hub lacks to the packer.
import type { ChunkId, FileHash } from '../../core/id.ts'
import type { Segment } from '../../core/segments.ts'
import type { Packer } from '../../dataset/packer.ts'
import { createReuse, type KnownFile, type OldContent } from '../../dataset/scan/reuse.ts'
import { scan } from '../../dataset/scan/scan.ts'
import type { Window } from '../../dataset/scan/scanner.ts'
import type { SourceEntry } from '../../dataset/source.ts'
import type { KnownChunks } from './bases.ts'
import { knownFiles, knownHashes, oldContentOf, type PreparedSource, segmentsOfSource } from './prepare.ts'

/** Chunks of a content in order, and the hash of each file. */
export interface Collected {
  chunks: { ids: ChunkId[]; lengths: number[]; final: number[] }
  hashes: Map<SourceEntry, FileHash>
  readBytes: number
  unreadBytes: number
}

interface Chunk {
  id: ChunkId
  length: number
}

/** @param onRead told the bytes of content that were gone through so far */
export async function collectContent(
  source: PreparedSource,
  known: KnownChunks,
  packer: Packer,
  onRead: (readBytes: number, unreadBytes: number) => void,
  signal?: AbortSignal,
): Promise<Collected> {
  const segments = segmentsOfSource(source.entries)
  const old = oldContentOf(source.cached, (id) => known.get(id) !== undefined)
  const files = knownFiles(segments, source.cached)
  const found: Chunk[][] = segments.map((segment, i) => reuseWhole(segment, old, files[i]!) ?? [])
  const hashes = knownHashes(source)
  let unreadBytes = found.reduce((sum, chunks) => sum + chunks.reduce((bytes, { length }) => bytes + length, 0), 0)
  let readBytes = 0
  onRead(readBytes, unreadBytes)

  const rest = segments.map((_, i) => i).filter((i) => found[i]!.length === 0)
  const take = async (window: Window) => {
    for (const { segment, id, length, offset } of window.chunks) {
      found[rest[segment]!]!.push({ id, length })
      if (offset >= 0 && !known.get(id) && !packer.has(id))
        await packer.add(id, window.bytes.subarray(offset, offset + length))
    }
    for (const { segment, file, hash } of window.files) hashes.set(segments[rest[segment]!]!.files[file]!, hash)
    readBytes += window.readBytes
    unreadBytes += window.skippedBytes
    onRead(readBytes, unreadBytes)
  }
  if (rest.length > 0) {
    const job = { spec: source.spec, segments: rest.map((i) => segments[i]!), old, known: rest.map((i) => files[i]!) }
    for await (const window of scan(job, signal)) await take(window)
  }
  return { chunks: flatten(found), hashes, readBytes, unreadBytes }
}

/** The chunks of a segment of which nothing needs to be read, else undefined. */
function reuseWhole(segment: Segment<SourceEntry>, old: OldContent, files: KnownFile[]): Chunk[] | undefined {
  const reuse = createReuse(old, files)
  const chunks: Chunk[] = []
  let file = 0
  let offset = 0
  for (let left = segment.length; left > 0; ) {
    const chunk = reuse.at(file, offset)
    if (!chunk) return undefined
    chunks.push(chunk)
    left -= chunk.length
    for (offset += chunk.length; file < files.length && offset >= files[file]!.size; file++) offset -= files[file]!.size
  }
  return chunks
}

function flatten(found: Chunk[][]): Collected['chunks'] {
  const chunks: Collected['chunks'] = { ids: [], lengths: [], final: [] }
  for (const segment of found) {
    segment.forEach(({ id, length }, i) => {
      chunks.ids.push(id)
      chunks.lengths.push(length)
      chunks.final.push(i === segment.length - 1 ? 1 : 0)
    })
  }
  return chunks
}
