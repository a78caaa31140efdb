// Reads blocks in windows that grow while they follow each other: what is compared jumps between blocks where little has
// changed, and goes through them in order where much has.
import type { BlockInfo } from '../../core/block.ts'
import { AetherError } from '../../core/errors.ts'
import type { FetchBlock } from '../block-reader.ts'

/** The first window somewhere, and the largest, in bytes. */
const FIRST_WINDOW = 256 * 1024
const LARGEST_WINDOW = 4 * 1024 * 1024
/** Bytes of all windows that are kept. */
const KEPT_WINDOWS = 12 * 1024 * 1024
/** Bytes that may be left out between two windows that follow each other. */
const GAP = 128 * 1024

interface Window {
  id: string
  begin: number
  end: number
  /** Whether it follows another one. */
  follows: boolean
  bytes: Promise<Uint8Array>
}

export function createGrowingWindows(fetch: FetchBlock): FetchBlock {
  const windows: Window[] = [] // the one that was used last is the last

  function windowAt(block: BlockInfo, at: number, signal?: AbortSignal): Window {
    const place = windows.findLastIndex(({ id, begin, end }) => id === block.id && begin <= at && at < end)
    const window = place < 0 ? begin(block, at, signal) : windows.splice(place, 1)[0]!
    windows.push(window)
    readAhead(block, window, at, signal)
    return window
  }

  function begin(block: BlockInfo, at: number, signal?: AbortSignal): Window {
    const before = windows.findLast(({ id, end }) => id === block.id && end <= at && at <= end + GAP)
    const wanted = before ? Math.min(LARGEST_WINDOW, 2 * (before.end - before.begin)) : FIRST_WINDOW
    const end = Math.min(block.size, at + wanted)
    const window = { id: block.id, begin: at, end, follows: before !== undefined, bytes: read(block, at, end, signal) }
    window.bytes.catch(() => forget(window)) // the next reader tries again
    let room = KEPT_WINDOWS - (end - at)
    for (let i = windows.length - 1; i >= 0; i--) {
      room -= windows[i]!.end - windows[i]!.begin
      if (room < 0) windows.splice(i, 1)
    }
    return window
  }

  function forget(window: Window): void {
    const place = windows.indexOf(window)
    if (place >= 0) windows.splice(place, 1)
  }

  /** Once the second half of a window in a row is reached. */
  function readAhead(block: BlockInfo, window: Window, at: number, signal?: AbortSignal): void {
    const isNear = window.follows && 2 * at >= window.begin + window.end
    const isMore = window.end < block.size - block.tailSize
    if (!isNear || !isMore || windows.some(({ id, begin }) => id === block.id && begin === window.end)) return
    windows.splice(windows.length - 1, 0, begin(block, window.end, signal))
  }

  async function read(block: BlockInfo, offset: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    return fetch(block, { offset, length: end - offset }, signal)
  }

  return async (block, { offset, length }, signal) => {
    const end = offset + length
    if (end > block.size) throw shorter(block)
    if (end === block.size) return fetch(block, { offset, length }, signal) // the tail, which is read once
    const parts: Uint8Array[] = []
    for (let at = offset; at < end; ) {
      const window = windowAt(block, at, signal)
      const part = (await window.bytes).subarray(at - window.begin, end - window.begin)
      if (part.length === 0) throw shorter(block)
      parts.push(part)
      at += part.length
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  }
}

function shorter({ id }: BlockInfo): AetherError {
  return new AetherError('integrity', `Block ${id} is shorter than its record says`)
}
