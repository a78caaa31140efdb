// Reads of blocks that go forward, with a jump now and then: what follows a read that came before is read with more behind
// it, and so is what begins a block, so that going through one costs a request for every few megabytes; a jump costs what
// it asks for.
import type { BlockInfo } from '../core/block.ts'
import { AetherError } from '../core/errors.ts'
import type { FetchBlock } from './block-reader.ts'

/** Bytes that are read at once where reads follow each other. */
const AHEAD_BYTES = 2 * 1024 * 1024
/** Bytes that are left out between two reads of which the one still follows the other. */
const GAP = 256 * 1024
/** Runs that go on side by side. */
const RUNS = 4

interface Run {
  block: BlockInfo
  offset: number
  bytes: Uint8Array
}

/** One read is under way at a time. */
export function createRunFetch(fetch: FetchBlock): FetchBlock {
  const runs: Run[] = [] // the one that was used last comes last

  async function read(block: BlockInfo, offset: number, length: number, signal?: AbortSignal): Promise<Run> {
    const at = runs.findIndex((run) => run.block.id === block.id && follows(run, offset))
    const [run] = at < 0 ? [] : runs.splice(at, 1)
    const next = run && holds(run, offset, length) ? run : await readMore(block, offset, length, run, signal)
    runs.push(next)
    if (runs.length > RUNS) runs.shift()
    return next
  }

  async function readMore(
    ...[block, offset, length, run, signal]: [BlockInfo, number, number, Run | undefined, AbortSignal | undefined]
  ): Promise<Run> {
    const most = block.size - block.tailSize - offset
    const count = run || offset === 0 ? Math.max(length, Math.min(AHEAD_BYTES, most)) : length
    const bytes = await fetch(block, { offset, length: count }, signal)
    if (bytes.length !== count) throw new AetherError('integrity', `Block ${block.id} is shorter than its record says`)
    return { block, offset, bytes }
  }

  return async (block, { offset, length }, signal) => {
    if (offset + length === block.size) return fetch(block, { offset, length }, signal) // the tail, which is read once
    const run = await read(block, offset, length, signal)
    return run.bytes.subarray(offset - run.offset, offset - run.offset + length)
  }
}

function follows({ offset, bytes }: Run, next: number): boolean {
  return next >= offset && next <= offset + bytes.length + GAP
}

function holds(run: Run, offset: number, length: number): boolean {
  return offset + length <= run.offset + run.bytes.length
}
