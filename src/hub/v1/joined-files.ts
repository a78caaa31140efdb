// The files of a v1 publish: checked, put into listing order, and read from the blocks that they lie in.
import { AetherError } from '../../core/errors.ts'
import { freeMemory } from '../../core/free-memory.ts'
import { type FileHash, sha256Hex } from '../../core/id.ts'
import { listingPieces } from '../../core/listing.ts'
import { compareBytes } from '../../core/path.ts'
import { clampMicros } from '../../core/times.ts'
import { createLruCache } from '../../dataset/lru-cache.ts'
import { blockCount, MAX_BLOCKS, sizeOfBlock } from './cuts.ts'
import type { OpenBlock, V1Dataset, V1File } from './v1-hub.ts'

/** Open blocks that are remembered: of each, the sums of its pieces. */
const BLOCKS_OPEN = 16

export interface JoinedFile extends V1File {
  /** First byte in the joined files, in the order of the client. */
  offset: number
}

/** The files in listing order. @throws {AetherError} `invalid` for what is no listing, or does not fit the blocks */
export function joinFiles({ files, blockSize, blocks }: V1Dataset): JoinedFile[] {
  let length = 0
  const joined = files.map((file) => {
    checkSize(file)
    const offset = length
    length += file.size
    return { ...file, modifiedMicros: clampMicros(file.modifiedMicros), offset }
  })
  checkBlocks(length, blockSize, blocks.length)
  joined.sort((a, b) => compareBytes(a.path, b.path))
  checkListing(joined)
  return joined
}

function checkSize({ path, size }: V1File): void {
  if (!Number.isSafeInteger(size) || size < 0)
    throw new AetherError('invalid', `The size of ${JSON.stringify(path.slice(0, 200))} is no number of bytes`)
}

function checkBlocks(length: number, blockSize: number, blocks: number): void {
  if (!Number.isSafeInteger(length)) throw new AetherError('invalid', 'The files are too large together')
  if (blocks > MAX_BLOCKS)
    throw new AetherError('too-large', `A dataset has ${MAX_BLOCKS} blocks at most`, {
      hint: 'Publish with a larger block size',
    })
  if (length > 0 && blockSize <= 0) throw new AetherError('invalid', `Cannot cut files every ${blockSize} bytes`)
  const wanted = length === 0 ? 0 : blockCount(length, blockSize)
  if (blocks !== wanted)
    throw new AetherError(
      'invalid',
      `Files of ${length} bytes in blocks of ${blockSize} are ${wanted} blocks, not ${blocks}`,
    )
}

const NO_HASH = sha256Hex('') as FileHash

/** Before any byte is read: every path by itself, none twice, none below a file. */
function checkListing(files: readonly JoinedFile[]): void {
  const entries = files
    .values()
    .map(({ path, size }) => ({ kind: 'file' as const, path, size, executable: false, hash: NO_HASH }))
  for (const _ of listingPieces(entries));
}

/** A run of bytes of the joined files. */
interface Run {
  offset: number
  length: number
}

/** Neighbours that follow each other in both orders are one run. */
function* runsOf(files: readonly JoinedFile[]): Generator<Run> {
  let run: Run = { offset: 0, length: 0 }
  for (const { offset, size } of files) {
    if (size === 0) continue
    if (run.length > 0 && run.offset + run.length === offset) run.length += size
    else {
      if (run.length > 0) yield run
      run = { offset, length: size }
    }
  }
  if (run.length > 0) yield run
}

/**
 * The content of the snapshot: the files' bytes in listing order, in buffers that are the reader's own.
 * @param open gives the block of a name
 * @throws {AetherError} `invalid` when a block does not have the bytes that the files need
 */
export async function* readJoined(
  files: readonly JoinedFile[],
  dataset: V1Dataset,
  open: (name: string) => Promise<OpenBlock>,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { blockSize, blocks } = dataset
  const length = files.reduce((sum, { size }) => sum + size, 0)
  const known = createLruCache<number, OpenBlock>(BLOCKS_OPEN, () => 1)

  for (const { offset, length: left } of runsOf(files)) {
    for (let at = offset; at < offset + left; ) {
      const index = Math.floor(at / blockSize)
      const size = sizeOfBlock(length, blockSize, index)
      const block = known.get(index) ?? (await openFitting(index, size))
      const from = at - index * blockSize
      const taken = Math.min(size - from, offset + left - at)
      for await (const bytes of block.read(from, taken, signal)) yield ownBytes(bytes, block)
      at += taken
    }
  }

  async function openFitting(index: number, size: number): Promise<OpenBlock> {
    const block = await open(blocks[index]!)
    checkFit(blocks[index]!, block, size)
    known.set(index, block)
    return block
  }
}

function ownBytes(bytes: Uint8Array, { owned }: OpenBlock): Uint8Array {
  const copy = Uint8Array.from(bytes)
  if (owned) freeMemory(bytes)
  return copy
}

export function checkFit(name: string, { size }: OpenBlock, wanted: number): void {
  if (size !== wanted)
    throw new AetherError('invalid', `The block ${name} has ${size} bytes where the files need one of ${wanted}`)
}
