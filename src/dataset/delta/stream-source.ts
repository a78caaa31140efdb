// A stream of a stored snapshot, read by range: frames are decoded and their chunks checked once, and the last few are kept.
import {
  type BlockIndex,
  type BlockInfo,
  CODEC_STORED,
  chunkCount,
  frameCount,
  frameOfChunk,
  lastAtMost,
} from '../../core/block.ts'
import type { ByteSource } from '../../core/delta/byte-source.ts'
import { AetherError } from '../../core/errors.ts'
import { type Extents, extentAt, streamLength } from '../../core/extents.ts'
import { freeMemory } from '../../core/free-memory.ts'
import { type BlockReader, checkedChunk } from '../block-reader.ts'
import { createLruCache } from '../lru-cache.ts'
import type { FrameSpill } from './frame-spill.ts'

/** Plain bytes of decoded frames that are kept. */
const KEPT_FRAMES = 4 * 1024 * 1024

/**
 * @param table the blocks that the extents name by their places
 * @param spill where frames are looked for that were forgotten. @default they are decoded again
 */
export function openStreamSource(
  table: readonly BlockInfo[],
  extents: Extents,
  blocks: BlockReader,
  spill?: FrameSpill,
): ByteSource {
  // Bytes of a frame are copied out of it at once, so nobody has a view of one that is forgotten.
  const frames = createLruCache<string, Uint8Array>(KEPT_FRAMES, (bytes) => bytes.length, freeMemory)

  // While one frame is worked on, the thread pool decodes the one behind it.
  let ahead: { name: string; frame: Promise<Uint8Array> } | undefined
  let last = ''

  async function read(...[offset, length, signal, into]: Parameters<ByteSource['read']>): Promise<Uint8Array> {
    const bytes = into ?? Buffer.allocUnsafeSlow(length)
    for (let done = 0; done < length; ) {
      const part = (await from(offset + done, signal)).subarray(0, length - done)
      bytes.set(part, done)
      done += part.length
    }
    return bytes
  }

  /** The bytes from `offset` to the end of its frame or extent. */
  async function from(offset: number, signal?: AbortSignal): Promise<Uint8Array> {
    const extent = extentAt(extents, offset)
    const block = table[extents.block[extent]!]!
    const index = await blocks.index(block, signal)
    const { begin, end } = plainRange(extents, extent, index)
    const place = begin + offset - extents.start[extent]!
    const frame = frameOfChunk(index, lastAtMost(index.chunkStart, place))
    const base = index.chunkStart[index.frameFirst[frame]!]!
    return (await frameOf(block, index, frame, signal)).subarray(place - base, end - base)
  }

  async function frameOf(block: BlockInfo, index: BlockIndex, frame: number, signal?: AbortSignal) {
    const name = nameOf(block, frame)
    const known = frames.get(name) ?? spill?.get(name)
    if (known) return known
    const decoding = takeAhead(name) ?? checkedFrame(block, index, frame, signal)
    const next = nameOf(block, frame + 1)
    if (last === nameOf(block, frame - 1) && frame + 1 < frameCount(index) && !frames.get(next)) {
      ahead = { name: next, frame: checkedFrame(block, index, frame + 1, signal) }
      ahead.frame.catch(() => {}) // thrown to whoever wants it
    }
    last = name
    const bytes = await decoding
    frames.set(name, bytes)
    spill?.put(name, bytes)
    return bytes
  }

  /** Once only: the frame is freed when it is forgotten. */
  function takeAhead(name: string): Promise<Uint8Array> | undefined {
    const taken = ahead?.name === name ? ahead.frame : undefined
    if (taken) ahead = undefined
    return taken
  }

  async function checkedFrame(block: BlockInfo, index: BlockIndex, firstFrame: number, signal?: AbortSignal) {
    const endFrame = firstFrame + 1
    const offset = index.frameStart[firstFrame]!
    const range = { block: 0, firstFrame, endFrame, offset, length: index.frameStart[endFrame]! - offset }
    const [frame] = await blocks.frames(block, range, signal)
    for (let i = index.frameFirst[firstFrame]!; i < index.frameFirst[endFrame]!; i++) checkedChunk(index, frame!, i)
    // What is stored as it is lies in a buffer with others.
    return index.frameCodec[firstFrame] === CODEC_STORED ? Uint8Array.from(frame!.bytes) : frame!.bytes
  }

  return { length: streamLength(extents), read }
}

function nameOf({ id }: BlockInfo, frame: number): string {
  return `${id} ${frame}`
}

/** Where the bytes of an extent lie in the plain bytes of its block. */
function plainRange(extents: Extents, extent: number, index: BlockIndex): { begin: number; end: number } {
  const first = extents.first[extent]!
  const last = first + extents.count[extent]!
  if (last > chunkCount(index))
    throw new AetherError('integrity', 'An extent names chunks that its block does not have')
  const [begin, end] = [index.chunkStart[first]!, index.chunkStart[last]!]
  if (end - begin !== extents.start[extent + 1]! - extents.start[extent]!)
    throw new AetherError('integrity', 'An extent is not as long as its chunks')
  return { begin, end }
}
