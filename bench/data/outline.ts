// A folder as the encoder of deltas has to know it: entries with their hashes, the chunks of large files, and an image.
import { createHash } from 'node:crypto'
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { createChunker, MIN_CHUNK } from '../../src/core/chunker.ts'
import type { ChunkId, Digest, FileHash } from '../../src/core/id.ts'
import { sha256Hex } from '../../src/core/id.ts'
import { type Entry, encodeListing } from '../../src/core/listing.ts'
import { compareBytes } from '../../src/core/path.ts'
import { encodeTimes } from '../../src/core/times.ts'
import type { ContentChunk, Outline } from '../../src/dataset/delta/find-anchors.ts'
import { type FolderContent, openFolderContent } from '../../src/dataset/delta/folder-content.ts'
import { createImage, type Image } from '../../src/dataset/delta/image.ts'

const PIECE = 1 << 20

export interface OutlinedFolder extends Outline {
  digest: Digest
  image: Image
  content: FolderContent
}

/** Reads everything once. Files below the size of a segment are known as a whole only. */
export function outlineFolder(folder: string): OutlinedFolder {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = found.map((entry) => relative(folder, join(entry.parentPath, entry.name))).sort(compareBytes)
  const chunks: ContentChunk[] = []
  const entries: Entry[] = []
  let offset = 0
  for (const path of paths) {
    const { size } = statSync(join(folder, path))
    const hash = scanFile(join(folder, path), offset, size < MIN_CHUNK ? undefined : chunks)
    entries.push({ kind: 'file', path, executable: false, size, hash })
    offset += size
  }
  const content = openFolderContent(folder, entries)
  const listing = encodeListing(entries)
  const micros = paths.map((path) => Math.trunc(statSync(join(folder, path)).mtimeMs) * 1000)
  const image = createImage(listing, encodeTimes(micros), content)
  return { digest: sha256Hex(listing) as Digest, entries, chunks, lengths: image.lengths, image, content }
}

/** @param chunks takes those of the file */
function scanFile(path: string, offset: number, chunks: ContentChunk[] | undefined): FileHash {
  const whole = createHash('sha256')
  const cutter = chunks && createCutter(offset, chunks)
  const buffer = Buffer.allocUnsafe(PIECE)
  const file = openSync(path, 'r')
  try {
    for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer)) {
      whole.update(buffer.subarray(0, read))
      cutter?.add(buffer.subarray(0, read))
    }
  } finally {
    closeSync(file)
  }
  cutter?.finish()
  return whole.digest('hex') as FileHash
}

function createCutter(start: number, chunks: ContentChunk[]) {
  const chunker = createChunker()
  let [offset, length, sum] = [start, 0, createHash('sha256')]

  function cut(): void {
    chunks.push({ id: sum.digest('hex') as ChunkId, offset, length })
    offset += length
    length = 0
    sum = createHash('sha256')
  }

  return {
    add(bytes: Uint8Array) {
      for (let at = 0; at < bytes.length; ) {
        const next = chunker.nextCut(bytes.subarray(at))
        const end = next < 0 ? bytes.length : at + next
        sum.update(bytes.subarray(at, end))
        length += end - at
        at = end
        if (next >= 0) cut()
      }
    },
    finish() {
      if (length > 0) cut()
    },
  }
}
