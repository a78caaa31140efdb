// Packs the new chunks of a push that was to be a delta and is none: from the pile where they are kept, else read once more.
import { lastAtMost } from '../../../core/block.ts'
import { AetherError } from '../../../core/errors.ts'
import { type ChunkId, idAt, sha256Hex } from '../../../core/id.ts'
import type { Entry } from '../../../core/listing.ts'
import type { ChunkList } from '../../../dataset/chunk-list.ts'
import { openFolderContent } from '../../../dataset/delta/folder-content.ts'
import type { KnownChunks } from '../../../dataset/known-chunks.ts'
import type { Packer } from '../../../dataset/packer.ts'
import { changedError } from '../../../dataset/sources/source-error.ts'
import type { PreparedSource } from '../prepare.ts'
import { listingOf } from '../stage.ts'
import type { ChunkPile } from './chunk-pile.ts'
import { createPathOf } from './source-image.ts'
import { checkUnchanged } from './unchanged.ts'

export async function packPile(
  source: PreparedSource,
  { ids, lengths }: ChunkList,
  pile: ChunkPile,
  known: KnownChunks,
  packer: Packer,
  signal?: AbortSignal,
): Promise<void> {
  const reader = createChunkReader(source)
  try {
    let offset = 0
    for (const [i, length] of lengths.entries()) {
      const id = idAt<ChunkId>(ids, i)
      if (!known.get(id) && !packer.has(id))
        await packer.add(id, pile.get(id) ?? (await reader.read(id, offset, length, signal)))
      offset += length
    }
  } finally {
    await reader.close()
  }
}

function createChunkReader(source: PreparedSource) {
  const pathOf = createPathOf(source)
  const files = [...listingOf(source.entries, source.known)].filter((entry) => entry.kind === 'file')
  const onDisk: Entry[] = files.map((entry) => ({ ...entry, path: pathOf(entry.path) }))
  const content = openFolderContent('/', onDisk)

  async function read(id: ChunkId, offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    try {
      const bytes = await content.read(offset, length, signal)
      if (sha256Hex(bytes) !== id) throw changedError(pathAt(offset))
      return bytes
    } catch (error) {
      if (signal?.aborted) throw new AetherError('cancelled', 'Cancelled', { cause: error })
      checkUnchanged(source)
      throw error
    }
  }

  /** The file that has this byte of the content. */
  function pathAt(offset: number): string {
    const starts = new Float64Array(files.length)
    for (let i = 1; i < files.length; i++) starts[i] = starts[i - 1]! + files[i - 1]!.size
    return files[lastAtMost(starts, offset)]!.path
  }

  return { read, close: content.close }
}
