// Frames from wherever they are: in memory, on their way, in the folder, or to be fetched. Every byte that leaves here was
// checked against the id of its chunk when it came into memory.
import { type BlockIndex, type Codec, lastAtMost } from '../../core/block.ts'
import { AetherError, toAetherError } from '../../core/errors.ts'
import { ID_BYTES } from '../../core/id.ts'
import type { FetchBlock } from '../block-reader.ts'
import type { ByteBudget } from '../byte-budget.ts'
import { type FrameRun, type FrameSpan, framePlain } from './frame-cursor.ts'
import type { FrameFolder } from './frame-folder.ts'
import type { FrameCheck } from './frame-job.ts'
import type { FrameJobs } from './frame-jobs.ts'
import type { ReadCounts } from './read-counts.ts'
import { createTwoQueue } from './two-queue.ts'

/**
 * Checked plain bytes of a frame: all of it, or some of its chunks. In a buffer of their own, which stays as it is until all
 * who hold it have let go of it. Then it is used again; where one never does, it is left to the garbage collector.
 */
export interface FramePart {
  /** First byte in the frame. */
  from: number
  bytes: Uint8Array
  /** How many hold it, the cache itself among them. */
  holders: number
}

export interface FrameCache {
  /** What is wanted of each frame of a run, in its order, held for the caller; what is in memory is there at once. */
  load(run: FrameRun, fetch: FetchBlock): (FramePart | Promise<FramePart>)[]
  /** Lets go of a part: whoever has loaded it does not use its bytes after this. */
  release(part: FramePart): void
}

export interface FrameCacheParts {
  memoryBytes: number
  folder: FrameFolder | undefined
  jobs: FrameJobs
  /** For what is being fetched. */
  room: ByteBudget
  counts: ReadCounts
}

/** A frame that somebody waits for. */
interface Claim {
  frame: number
  key: string
  /** How many wait. */
  holders: number
  promise: Promise<FramePart>
  resolve(part: FramePart): void
  reject(error: unknown): void
}

/** What a map of frames costs besides their bytes: keys, and buffers that are a little larger. */
const OVERHEAD = 512
/** Frames that one job takes from the folder. */
const JOB_FRAMES = 4

export function createFrameCache({ memoryBytes, folder, jobs, room, counts }: FrameCacheParts): FrameCache {
  const weigh = ({ bytes }: FramePart) => bytes.buffer.byteLength + OVERHEAD
  const memory = createTwoQueue<string, FramePart>(memoryBytes, weigh, release)
  const onTheWay = new Map<string, Claim>()

  function load(run: FrameRun, fetch: FetchBlock): (FramePart | Promise<FramePart>)[] {
    const claims: Claim[] = []
    const parts = run.spans.map((span) => {
      const key = `${run.block.id}-${span.frame}`
      const known = memory.get(key)
      const coming = onTheWay.get(key)
      if ((known && covers(known, span)) || coming) counts.memoryHits++
      if (known && covers(known, span)) return hold(known)
      if (coming) return hold(coming).promise.catch((error) => afterOthers(error, run, span, fetch))
      if (folder && known === undefined && run.spans.length === 1 && isSmall(run.index, span))
        return smallPart(folder, run, span, fetch)
      return claimed(claims, key, span.frame)
    })
    if (claims.length > 0) void bring(run, claims, fetch)
    for (const part of parts) if (part instanceof Promise) part.catch(() => {}) // whoever asked may be gone
    return parts
  }

  function claimed(claims: Claim[], key: string, frame: number): Promise<FramePart> {
    const { promise, resolve, reject } = Promise.withResolvers<FramePart>()
    promise.catch(() => {})
    const claim = { frame, key, holders: 1, promise, resolve, reject }
    claims.push(claim)
    onTheWay.set(key, claim)
    return promise
  }

  /** What somebody else could not get may be had with one's own rights and connection; but for what is damaged. */
  function afterOthers(error: unknown, run: FrameRun, span: FrameSpan, fetch: FetchBlock): Promise<FramePart> {
    if (error instanceof AetherError && error.code === 'integrity') throw error
    const claims: Claim[] = []
    const key = `${run.block.id}-${span.frame}`
    const coming = onTheWay.get(key)
    const promise = coming ? hold(coming).promise : claimed(claims, key, span.frame)
    if (claims.length > 0) void bring(run, claims, fetch)
    return promise
  }

  /** A few chunks out of the folder for somebody who may want no more of the frame; all of it, when it is not there. */
  async function smallPart(from: FrameFolder, run: FrameRun, span: FrameSpan, fetch: FetchBlock): Promise<FramePart> {
    const { from: offset, check } = chunksAround(run.index, span)
    const size = framePlain(run.index, span.frame).length
    const [bytes] = await from.read(run.block.id, [{ frame: span.frame, size, offset, check }])
    if (bytes === undefined) return afterOthers(undefined, run, span, fetch)
    counts.folderHits++
    const found = { from: offset, bytes, holders: 1 }
    const key = `${run.block.id}-${span.frame}`
    if (memory.get(key) === undefined) memory.set(key, hold(found))
    return found
  }

  async function bring(run: FrameRun, claims: Claim[], fetch: FetchBlock): Promise<void> {
    const missing = folder ? await missingFrom(folder, run, claims) : claims
    await Promise.all(neighbours(missing).map((together) => fromStore(run, together, fetch)))
  }

  /** Brings what the folder has. Short jobs, so that all threads take part, and the first frames are there soon. */
  async function missingFrom(from: FrameFolder, run: FrameRun, claims: Claim[]): Promise<Claim[]> {
    const jobs: Promise<Claim[]>[] = []
    for (let i = 0; i < claims.length; i += JOB_FRAMES)
      jobs.push(fromFolder(from, run, claims.slice(i, i + JOB_FRAMES)))
    return (await Promise.all(jobs)).flat()
  }

  /** @returns what is not there */
  async function fromFolder(from: FrameFolder, { block, index }: FrameRun, claims: Claim[]): Promise<Claim[]> {
    const wanted = claims.map(({ frame }) => {
      const check = checkOf(index, index.frameFirst[frame]!, index.frameFirst[frame + 1]!)
      return { frame, size: framePlain(index, frame).length, offset: 0, check }
    })
    const found = await from.read(block.id, wanted)
    claims.forEach((claim, i) => {
      if (found[i]) settle(claim, found[i])
    })
    const missing = claims.filter((_, i) => found[i] === undefined)
    counts.folderHits += claims.length - missing.length
    return missing
  }

  /** @param claims frames that follow each other */
  async function fromStore(run: FrameRun, claims: Claim[], fetch: FetchBlock): Promise<void> {
    const { start } = framePlain(run.index, claims[0]!.frame)
    const last = framePlain(run.index, claims.at(-1)!.frame)
    try {
      await room.hold(last.start + last.length - start, undefined, async () => {
        const frames = await fetchFrames(run, claims, fetch)
        await Promise.all(
          frames.map((bytes, i) => (bytes ? keep(run, claims[i]!, bytes) : again(run, claims[i]!, fetch))),
        )
      })
    } catch (error) {
      for (const claim of claims) fail(claim, error)
    }
  }

  async function fetchFrames({ block, index }: FrameRun, claims: Claim[], fetch: FetchBlock) {
    const begin = index.frameStart[claims[0]!.frame]!
    const length = index.frameStart[claims.at(-1)!.frame + 1]! - begin
    const stored = await fetch(block, { offset: begin, length })
    counts.fetches++
    counts.fetchedBytes += stored.length
    const checks = claims.map(({ frame }) => checkOf(index, index.frameFirst[frame]!, index.frameFirst[frame + 1]!))
    const places = claims.map(({ frame }) => {
      const offset = index.frameStart[frame]!
      return {
        codec: index.frameCodec[frame] as Codec,
        offset: offset - begin,
        length: index.frameStart[frame + 1]! - offset,
      }
    })
    const results = await jobs.run({ checks, source: { stored, places } })
    return results.map((result) => (typeof result === 'string' ? undefined : result))
  }

  /** Once more, by itself: the bytes may have been damaged on the way. */
  async function again(run: FrameRun, claim: Claim, fetch: FetchBlock): Promise<void> {
    counts.damaged++
    const [bytes] = await fetchFrames(run, [claim], fetch)
    if (bytes) return keep(run, claim, bytes)
    counts.damaged++
    const message = `Frame ${claim.frame} of block ${run.block.id} does not have the bytes that its index says`
    fail(claim, new AetherError('integrity', message))
  }

  function keep({ block }: FrameRun, claim: Claim, bytes: Uint8Array): void {
    counts.misses++
    const part = settle(claim, bytes)
    if (folder) void folder.keep(block.id, claim.frame, hold(part).bytes).finally(() => release(part))
  }

  function settle(claim: Claim, bytes: Uint8Array): FramePart {
    const part = { from: 0, bytes, holders: claim.holders }
    memory.set(claim.key, hold(part))
    onTheWay.delete(claim.key)
    claim.resolve(part)
    return part
  }

  function release(part: FramePart): void {
    part.holders--
    if (part.holders === 0) jobs.recycle(part.bytes)
  }

  function fail(claim: Claim, error: unknown): void {
    if (onTheWay.get(claim.key) === claim) onTheWay.delete(claim.key)
    claim.reject(toAetherError(error))
  }

  return { load, release }
}

function hold<T extends { holders: number }>(held: T): T {
  held.holders++
  return held
}

function covers({ from, bytes }: FramePart, span: FrameSpan): boolean {
  return from <= span.from && span.end <= from + bytes.length
}

/** So little of a frame that the rest of it is not worth reading. */
function isSmall(index: BlockIndex, { frame, from, end }: FrameSpan): boolean {
  return (end - from) * 4 <= framePlain(index, frame).length
}

/** The chunks that hold a part of a frame. */
function chunksAround(index: BlockIndex, { frame, from, end }: FrameSpan): { from: number; check: FrameCheck } {
  const { start } = framePlain(index, frame)
  const first = lastAtMost(index.chunkStart, start + from)
  const last = lastAtMost(index.chunkStart, start + end - 1)
  return { from: index.chunkStart[first]! - start, check: checkOf(index, first, last + 1) }
}

export function checkOf(index: BlockIndex, firstChunk: number, endChunk: number): FrameCheck {
  const lengths = new Uint32Array(endChunk - firstChunk)
  for (let i = 0; i < lengths.length; i++)
    lengths[i] = index.chunkStart[firstChunk + i + 1]! - index.chunkStart[firstChunk + i]!
  return { lengths, ids: new Uint8Array(index.chunkIds.subarray(firstChunk * ID_BYTES, endChunk * ID_BYTES)) }
}

/** Frames that follow each other, together. */
function neighbours(claims: Claim[]): Claim[][] {
  const groups: Claim[][] = []
  for (const claim of claims) {
    if (groups.at(-1)?.at(-1)?.frame === claim.frame - 1) groups.at(-1)!.push(claim)
    else groups.push([claim])
  }
  return groups
}
