// Reads blocks in large windows and keeps the last few, so that reading one frame after the other costs a request for
// every few megabytes.
import type { BlockInfo } from '../core/block.ts'
import { AetherError } from '../core/errors.ts'
import type { FetchBlock } from './block-reader.ts'
import { createLruCache } from './lru-cache.ts'

const WINDOW_BYTES = 2 * 1024 * 1024
const WINDOWS_KEPT = 4

export function createWindowedFetch(fetch: FetchBlock): FetchBlock {
  const windows = createLruCache<string, Promise<Uint8Array>>(WINDOWS_KEPT, () => 1)

  function window(block: BlockInfo, place: number, signal?: AbortSignal): Promise<Uint8Array> {
    const key = `${block.id} ${place}`
    const known = windows.get(key)
    if (known) return known
    const offset = place * WINDOW_BYTES
    const bytes = fetch(block, { offset, length: Math.min(WINDOW_BYTES, block.size - offset) }, signal)
    windows.set(key, bytes)
    bytes.catch(() => windows.delete(key)) // the next reader tries again
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
