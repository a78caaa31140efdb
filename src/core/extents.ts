// Extents: which chunks of which blocks make up a stream of bytes. docs/format.md, section 6.1.
import { lastAtMost, MAX_BLOCK_PLAIN } from './block.ts'

/** Runs of chunks in stream order, as columns of equal length. */
export interface Extents {
  /** Place of the run's block in the record's table of blocks. */
  block: Uint32Array
  /** Place of the run's first chunk in that block. */
  first: Uint32Array
  count: Uint32Array
  /** First byte of the run in the stream; one more element for the length of the stream. */
  start: Float64Array
}

export const NO_EXTENTS: Extents = {
  block: new Uint32Array(),
  first: new Uint32Array(),
  count: new Uint32Array(),
  start: new Float64Array(1),
}

/** Place of the extent that holds the byte at `offset`, found by binary search. @throws {RangeError} when there is none. */
export function extentAt(extents: Extents, offset: number): number {
  if (offset < 0 || offset >= streamLength(extents))
    throw new RangeError(`Offset ${offset} is not in a stream of ${streamLength(extents)} bytes`)
  return lastAtMost(extents.start, offset)
}

export function streamLength(extents: Extents): number {
  return extents.start.at(-1)!
}

/** One extent by itself; its chunks keep their offsets in the stream. */
export function oneExtent(extents: Extents, i: number): Extents {
  const column = (values: Uint32Array) => values.subarray(i, i + 1)
  return {
    block: column(extents.block),
    first: column(extents.first),
    count: column(extents.count),
    start: extents.start.subarray(i, i + 2),
  }
}

export interface ExtentsBuilder {
  /** Adds one chunk, to the last extent when it goes on there. */
  add(block: number, chunk: number, length: number): void
  finish(): Extents
}

export function createExtentsBuilder(): ExtentsBuilder {
  const block: number[] = []
  const first: number[] = []
  const count: number[] = []
  const start: number[] = [0]

  function add(inBlock: number, chunk: number, length: number): void {
    const last = block.length - 1
    const end = start.at(-1)!
    const goesOn = last >= 0 && block[last] === inBlock && first[last]! + count[last]! === chunk
    if (goesOn && end + length - start[last]! <= MAX_BLOCK_PLAIN) {
      count[last]!++
      start[last + 1] = end + length
      return
    }
    block.push(inBlock)
    first.push(chunk)
    count.push(1)
    start.push(end + length)
  }

  function finish(): Extents {
    return {
      block: Uint32Array.from(block),
      first: Uint32Array.from(first),
      count: Uint32Array.from(count),
      start: Float64Array.from(start),
    }
  }

  return { add, finish }
}
