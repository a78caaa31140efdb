// Reads blocks in large windows and keeps the last few, so that reading one frame after the other costs a request for
// every few megabytes.
import type { BlockInfo } from '../core/block.ts'
import { AetherError } from '../core/errors.ts'
import type { FetchBlock } from './block-reader.ts'
import { createLruCache } from './lru-cache.ts'

const WINDOW_BYTES = 2 * 1024 * 1024
const WINDOWS_KEPT = 4

/** @param ahead whether the window behind one is asked for when it follows the one before. @default false */
export function createWindowedFetch(fetch: FetchBlock, { ahead = false } = {}): FetchBlock {
  const windows = createLruCache<string, Promise<Uint8Array>>(WINDOWS_KEPT, () => 1)
  const nameOf = (block: BlockInfo, place: number) => `${block.id} ${place}`

  function window(block: BlockInfo, place: number, signal?: AbortSignal): Promise<Uint8Array> {
    const known = windows.get(nameOf(block, place))
    const bytes = known ?? begin(block, place, signal)
    const follows = place > 0 && windows.get(nameOf(block, place - 1)) !== undefined
    const isMore = (place + 1) * WINDOW_BYTES < block.size - block.tailSize
    if (ahead && follows && isMore && !windows.get(nameOf(block, place + 1))) begin(block, place + 1, signal)
    return bytes
  }

  function begin(block: BlockInfo, place: number, signal?: AbortSignal): Promise<Uint8Array> {
    const name = nameOf(block, place)
    const offset = place * WINDOW_BYTES
    const bytes = fetch(block, { offset, length: Math.min(WINDOW_BYTES, block.size - offset) }, signal)
    windows.set(name, bytes)
    bytes.catch(() => windows.delete(name)) // the next reader tries again
    return bytes
  }

  return async (block, { offset, length }, signal) => {
    if (offset + length > block.size)
      throw new AetherError('integrity', `Block ${block.id} is shorter than its record says`)
    if (offset + length === block.size) return fetch(block, { offset, length }, signal) // the tail, which is read once
    const parts: Uint8Array[] = []
    for (let at = offset; at < offset + length; ) {
      const place = Math.floor(at / WINDOW_BYTES)
      const begin = at - place * WINDOW_BYTES
      const part = (await window(block, place, signal)).subarray(begin, begin + offset + length - at)
      if (part.length === 0) throw new AetherError('integrity', `Block ${block.id} is shorter than its record says`)
      parts.push(part)
      at += part.length
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  }
}
