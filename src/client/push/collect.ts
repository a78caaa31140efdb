// Goes through the content of a source: finds its chunks, gives those that the hub lacks to the packer.
import { type Segment, segmentsOf } from '../../core/segments.ts'
import { type ChunkList, type ChunkListBuilder, createChunkList } from '../../dataset/chunk-list.ts'
import type { KnownChunks } from '../../dataset/known-chunks.ts'
import type { Packer } from '../../dataset/packer.ts'
import { createReuse, type FilesNow, type OldContent } from '../../dataset/scan/reuse.ts'
import { scan } from '../../dataset/scan/scan.ts'
import type { Window } from '../../dataset/scan/scanner.ts'
import { oldContentOf, type PreparedSource } from './prepare.ts'

export interface Collected {
  chunks: ChunkList
  readBytes: number
  unreadBytes: number
}

/**
 * The hashes of files that had to be read are known to `source` after this.
 * @param onRead told the bytes of content that were gone through so far
 */
export async function collectContent(
  source: PreparedSource,
  known: KnownChunks,
  packer: Pick<Packer, 'has' | 'add'>,
  onRead: (readBytes: number, unreadBytes: number) => void,
  signal?: AbortSignal,
): Promise<Collected> {
  const { spec, entries } = source
  const { hashes, oldOffset } = source.known
  const old = oldContentOf(source, (id) => known.get(id) !== undefined)
  const chunks = createChunkList()
  let readBytes = 0
  let unreadBytes = 0
  const done = Uint8Array.from(segmentsOf(entries.sizes()), (segment) => {
    if (!reuseWhole(segment, old, { size: entries.size, oldOffset }, chunks)) return 0
    unreadBytes += segment.length
    return 1
  })
  onRead(readBytes, unreadBytes)

  const take = async (window: Window) => {
    for (const { segment, id, length, offset } of window.chunks) {
      chunks.add(segment, id, length)
      if (offset >= 0 && !known.get(id) && !packer.has(id))
        await packer.add(id, window.bytes.subarray(offset, offset + length))
    }
    readBytes += window.readBytes
    unreadBytes += window.skippedBytes
    onRead(readBytes, unreadBytes)
  }
  if (done.includes(0)) {
    const job = { spec, entries: entries.shared, done, old, oldOffset, hashes }
    for await (const window of scan(job, signal)) await take(window)
  }
  return { chunks: chunks.finish(), readBytes, unreadBytes }
}

/** Adds the chunks of a segment of which nothing needs to be read; of others none. */
function reuseWhole(segment: Segment, old: OldContent, files: FilesNow, chunks: ChunkListBuilder): boolean {
  const reuse = createReuse(old, files, segment)
  const before = chunks.count()
  let place = segment.first
  let offset = 0
  for (let left = segment.length; left > 0; ) {
    const chunk = reuse.at(place, offset)
    if (!chunk) {
      chunks.keep(before)
      return false
    }
    chunks.add(segment.number, chunk.id, chunk.length)
    left -= chunk.length
    for (offset += chunk.length; place < segment.end && offset >= files.size(place); place++)
      offset -= files.size(place)
  }
  return true
}
