// Aligns the new image against the old one, byte by byte where chunks and whole files have not settled it already.
//
// From a place where both agree it goes on as long as bytes are equal. Where they are not, it looks for the next place at
// which they agree again: at the same distance (bytes were replaced by as many), at the distance that this file is at
// home, or where a fingerprint of the old image is met. What lies between is new. It need not be cut out finely: the
// group's dictionary holds the old bytes around it, so that zstd finds small shifts itself.

import type { Peeker } from './byte-source.ts'
import { type DeltaOp, MAX_GROUP_DATA } from './delta-format.ts'
import { equalRun, equalRunBefore, MIN_RUN, runEnd } from './equal-runs.ts'
import {
  createFingerprints,
  type Fingerprints,
  type FingerprintWalk,
  hashAt,
  SAMPLED,
  sampleStep,
} from './fingerprints.ts'

/** A run of the new image that is known to be equal to one of the old. */
export interface Anchor {
  /** First byte in the new image. */
  to: number
  /** First byte in the old image. */
  from: number
  length: number
}

/** Where a part of the new image is most likely to be found in the old one: a file's start at the same path. */
export type Hint = Omit<Anchor, 'length'>

export interface MatchInput {
  from: Peeker
  to: Peeker
  /** In the order of the new image, without overlaps. */
  anchors: readonly Anchor[]
  hints: readonly Hint[]
}

/** Shortest run that is followed to another part of the old image. */
const MIN_MOVED = 64
/** A run of this length makes its distance the one to come back to. */
const HOME_RUN = 4096

/** Operations whose copies and data make up the new image in order. */
export async function* match(input: MatchInput): AsyncGenerator<DeltaOp> {
  const merge = createMerger()
  for await (const op of rawOps(input)) {
    const ready = merge.add(op)
    if (ready) yield ready
  }
  const last = merge.finish()
  if (last) yield last
}

/** Joins copies that go on where the one before ended. */
function createMerger() {
  let held: DeltaOp | undefined

  function add(op: DeltaOp): DeltaOp | undefined {
    if (held && held.dataLength === 0 && op.copyFrom === held.copyFrom + held.copyLength) {
      held = { copyFrom: held.copyFrom, copyLength: held.copyLength + op.copyLength, dataLength: op.dataLength }
      return undefined
    }
    const ready = held
    held = op
    return ready
  }

  return { add, finish: () => held }
}

async function* rawOps({ from, to, anchors, hints }: MatchInput): AsyncGenerator<DeltaOp> {
  const region = createRegionMatcher(from, to, anchors)
  let hint = 0
  let at = 0
  for (const anchor of [...anchors, { to: to.length, from: from.length, length: 0 }]) {
    while (at < anchor.to) {
      while (hint < hints.length && hints[hint]!.to <= at) {
        if (hints[hint]!.to === at) region.setHome(hints[hint]!.from - at)
        hint++
      }
      const end = Math.min(anchor.to, hints[hint]?.to ?? anchor.to)
      yield* region.match(at, end)
      at = end
    }
    if (anchor.length > 0) {
      yield { copyFrom: anchor.from, copyLength: anchor.length, dataLength: 0 }
      region.setDistance(anchor.from - anchor.to)
    }
    at = anchor.to + anchor.length
  }
}

interface Found {
  /** Where in the new image data ends and equal bytes begin. */
  to: number
  /** From new to old from there on. */
  distance: number
}

function createRegionMatcher(old: Peeker, fresh: Peeker, anchors: readonly Anchor[]) {
  let prints: Promise<Fingerprints> | undefined
  let distance = 0
  let home = 0

  async function* match(begin: number, end: number): AsyncGenerator<DeltaOp> {
    let at = begin
    while (at < end) {
      const length = await equalRun(old, at + distance, fresh, at, end)
      if (length >= HOME_RUN) home = distance
      // Not farther than a group goes, so that what matches nothing is given away and not held up.
      const most = Math.min(end, at + length + MAX_GROUP_DATA)
      const found = at + length < end ? await findNext(at + length, most) : { to: end, distance }
      yield { copyFrom: clamp(at + distance), copyLength: length, dataLength: found.to - at - length }
      at = found.to
      distance = found.distance
    }
  }

  /** A copy of nothing still tells which part of the old image the data is like. */
  function clamp(place: number): number {
    return Math.max(0, Math.min(old.length, place))
  }

  async function findNext(begin: number, end: number): Promise<Found> {
    prints ??= fingerprint(old, anchors)
    const walk = (await prints).walk()
    const votes = createVotes()
    const runs = [distance, ...(home === distance ? [] : [home])].map((d) => ({ distance: d, run: 0 }))
    let scan = FIRST_SCAN
    for (let at = begin; at < end; scan = Math.min(2 * scan, LAST_SCAN)) {
      const waiting = fresh.at(at)
      const bytes = waiting instanceof Promise ? await waiting : waiting
      const length = Math.min(bytes.length, end - at, scan)
      const equal = await firstEqual(runs, at, bytes, length)
      const limit = equal === undefined ? length : Math.min(length, equal.to + MIN_RUN - at)
      const moved = await firstMoved(walk, votes, { begin, at, bytes, limit })
      if (moved) return moved
      if (equal) return equal
      at += length
    }
    return { to: end, distance }
  }

  /** The first run of MIN_RUN equal bytes at one of the distances; its end lies in this piece. */
  async function firstEqual(
    runs: { distance: number; run: number }[],
    at: number,
    bytes: Uint8Array,
    length: number,
  ): Promise<Found | undefined> {
    let best: Found | undefined
    let most = length
    for (const state of runs) {
      const found = await equalAt(state, at, bytes, most)
      if (found === undefined) continue
      best = { to: found, distance: state.distance }
      most = Math.max(0, found + MIN_RUN - 1 - at)
    }
    return best
  }

  async function equalAt(state: { distance: number; run: number }, at: number, bytes: Uint8Array, length: number) {
    for (let done = Math.max(0, -(at + state.distance)); done < length; ) {
      const place = at + done + state.distance
      if (place >= old.length) return undefined
      const waiting = old.at(place)
      const other = waiting instanceof Promise ? await waiting : waiting
      const count = Math.min(length - done, other.length)
      const end = runEnd(bytes, done, other, count, state.run)
      if (end >= 0) return at + end - MIN_RUN
      state.run = -end - 1
      done += count
    }
    return undefined
  }

  interface Piece {
    /** Where the data began. */
    begin: number
    at: number
    bytes: Uint8Array
    /** Bytes of the piece that are of interest. */
    limit: number
  }

  async function firstMoved(
    walk: FingerprintWalk,
    votes: Votes,
    { begin, at, bytes, limit }: Piece,
  ): Promise<Found | undefined> {
    for (let i = walk.next(bytes, 0, limit); i >= 0; i = walk.next(bytes, i, limit)) {
      const place = walk.found() + SAMPLED
      if (!old.has(walk.found()) && !votes.agree(place - at - i)) continue
      const length = await equalRunBefore(old, place, fresh, at + i, begin)
      if (length < SAMPLED) continue
      if (length + (await equalRun(old, place, fresh, at + i, at + i + MIN_MOVED)) < MIN_MOVED) continue
      return { to: at + i - length, distance: place - at - i }
    }
    return undefined
  }

  function setDistance(value: number): void {
    distance = value
    home = value
  }

  return { match, setHome: (value: number) => setDistance(value), setDistance }
}

/** Bytes that are searched in every way before more are, at first and in the end. */
const FIRST_SCAN = 2 * 1024
const LAST_SCAN = 64 * 1024

/** A part of the old image that is not at hand is looked at when two samples say that it is there. */
interface Votes {
  agree(distance: number): boolean
}

/** Short strings that are everywhere would lead all over the old image. */
function createVotes(): Votes {
  const seen: number[] = []

  function agree(distance: number): boolean {
    if (seen.includes(distance)) return true
    seen.push(distance)
    if (seen.length > CANDIDATES) seen.shift()
    return false
  }

  return { agree }
}

const CANDIDATES = 8

/** Of all of the old image that no anchor uses. */
async function fingerprint(old: Peeker, anchors: readonly Anchor[]): Promise<Fingerprints> {
  const gaps = gapsOf(anchors, old.length)
  const bytes = gaps.reduce((sum, { start, end }) => sum + end - start, 0)
  const step = sampleStep(bytes)
  const prints = createFingerprints(bytes / step + gaps.length)
  for (const { start, end } of gaps) {
    for await (const { at, bytes: piece } of old.walk(start, end)) {
      for (let i = 0; i + SAMPLED <= piece.length; i += step) prints.add(hashAt(piece, i), at + i)
    }
  }
  return prints
}

/** What no anchor covers of the old image, in order. */
function gapsOf(anchors: readonly Anchor[], length: number): { start: number; end: number }[] {
  const used = [...anchors].sort((a, b) => a.from - b.from)
  const gaps: { start: number; end: number }[] = []
  let at = 0
  for (const { from, length: count } of used) {
    if (from > at) gaps.push({ start: at, end: from })
    at = Math.max(at, from + count)
  }
  if (at < length) gaps.push({ start: at, end: length })
  return gaps
}
