// Reads blocks in large windows and keeps the last few, so that reading one frame after the other costs a request for
// every few megabytes.
import type { BlockInfo } from '../../core/block.ts'
import { AetherError } from '../../core/errors.ts'
import type { FetchBlock } from '../../dataset/block-reader.ts'
import { createLruCache } from '../../dataset/lru-cache.ts'
import { keys } from '../../storage/keys.ts'
import type { ReadableStore } from './read-object.ts'

const WINDOW_BYTES = 2 * 1024 * 1024
const WINDOWS_KEPT = 4

export function createWindowedFetch(storage: ReadableStore): FetchBlock {
  const windows = createLruCache<string, Promise<Uint8Array>>(WINDOWS_KEPT, () => 1)

  async function read(block: BlockInfo, offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    return (await storage.get(keys.block(block.id), { range: { offset, length }, signal })).bytes
  }

  function window(block: BlockInfo, place: number, signal?: AbortSignal): Promise<Uint8Array> {
    const key = `${block.id} ${place}`
    const known = windows.get(key)
    if (known) return known
    const bytes = read(block, place * WINDOW_BYTES, WINDOW_BYTES, signal)
    windows.set(key, bytes)
    bytes.catch(() => windows.delete(key)) // the next reader tries again
    return bytes
  }

  return async (block, { offset, length }, signal) => {
    if (offset + length > block.size)
      throw new AetherError('integrity', `Block ${block.id} is shorter than its record says`)
    if (offset + length === block.size) return read(block, offset, length, signal) // the tail, which is read once
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
