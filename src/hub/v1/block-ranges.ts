// Where the bytes of v1 blocks lie in the content of the snapshot that was made of them: its files stand in another order.
import { blockCount } from './cuts.ts'
import type { JoinedFile } from './joined-files.ts'

/** A run of a snapshot's content. */
export interface ContentRange {
  offset: number
  length: number
}

/** For each block, its bytes in order. @param files in listing order */
export function blockRanges(files: readonly JoinedFile[], blockSize: number): ContentRange[][] {
  let length = 0
  const placed = files.map(({ offset: from, size }) => {
    const place = { from, to: length, size }
    length += size
    return place
  })
  placed.sort((a, b) => a.from - b.from)
  const blocks = Array.from({ length: length === 0 ? 0 : blockCount(length, blockSize) }, (): ContentRange[] => [])
  for (const { from, to, size } of placed) {
    for (let done = 0; done < size; ) {
      const index = Math.floor((from + done) / blockSize)
      const taken = Math.min(size - done, (index + 1) * blockSize - from - done)
      addRange(blocks[index]!, to + done, taken)
      done += taken
    }
  }
  return blocks
}

function addRange(ranges: ContentRange[], offset: number, length: number): void {
  const last = ranges.at(-1)
  if (last && last.offset + last.length === offset) last.length += length
  else ranges.push({ offset, length })
}

/** The part of some ranges that is asked for, counted from the first byte of the first. */
export function* partOf(ranges: readonly ContentRange[], { offset, length }: ContentRange): Generator<ContentRange> {
  let skip = offset
  let left = length
  for (const range of ranges) {
    if (left === 0) return
    const taken = Math.min(Math.max(0, range.length - skip), left)
    if (taken > 0) yield { offset: range.offset + skip, length: taken }
    skip = Math.max(0, skip - range.length)
    left -= taken
  }
}
