// What is to become of each entry of a listing on its way to the disk. Columns, because there may be millions of them.
import type { Entry, FileEntry } from '../../core/listing.ts'

/** How a file gets its bytes. */
export const FATE = {
  /** Not wanted, or no file. */
  none: 0,
  /** Written from chunks. */
  build: 1,
  /** There already, left by an interrupted restore. */
  kept: 2,
  /** A hard link to a file of an older snapshot. */
  linked: 3,
  /** A copy of a file on this machine. */
  copy: 4,
  /** Written from a delta. */
  patched: 5,
} as const

export interface FilePlan {
  entries: readonly Entry[]
  /** Modification times that the record names, in microseconds. */
  micros: ArrayLike<number>
  /** 1 for each entry that is wanted on disk. */
  wanted: Uint8Array
  /** One of FATE for each entry. */
  fate: Uint8Array
  /** First byte of each entry in the content, with one more element for the end. */
  start: Float64Array
  /** Modification times on disk as far as they are known, in microseconds. */
  diskMicros: Float64Array
  /** For files to be copied: from where. */
  copies: Map<number, string>
}

export function createFilePlan(
  entries: readonly Entry[],
  micros: ArrayLike<number>,
  isWanted: (path: string) => boolean,
): FilePlan {
  const plan: FilePlan = {
    entries,
    micros,
    wanted: new Uint8Array(entries.length),
    fate: new Uint8Array(entries.length),
    start: new Float64Array(entries.length + 1),
    diskMicros: Float64Array.from(micros),
    copies: new Map(),
  }
  entries.forEach((entry, i) => {
    plan.start[i + 1] = plan.start[i]! + sizeOf(entry)
    if (!isWanted(entry.kind === 'folder' ? `${entry.path}/` : entry.path)) return
    plan.wanted[i] = 1
    if (entry.kind === 'file') plan.fate[i] = FATE.build
  })
  return plan
}

export function sizeOf(entry: Entry): number {
  return entry.kind === 'file' ? entry.size : 0
}

/** The file at this place; every fate but `none` is that of a file. */
export function fileAt(plan: FilePlan, i: number): FileEntry {
  return plan.entries[i] as FileEntry
}

/** Places of all files with this fate, in content order. The fate of later files may change while this is used. */
export function* filesWith(plan: FilePlan, fate: number): Generator<number> {
  for (let i = 0; i < plan.fate.length; i++) if (plan.fate[i] === fate) yield i
}

/** Number of files with this fate, and their bytes. */
export function totalsOf(plan: FilePlan, fate: number): { files: number; bytes: number } {
  const totals = { files: 0, bytes: 0 }
  for (const i of filesWith(plan, fate)) {
    totals.files++
    totals.bytes += fileAt(plan, i).size
  }
  return totals
}

/** Two columns: where each run of wanted content begins and ends. Runs that touch are one. */
export interface Spans {
  start: number[]
  end: number[]
}

/** The content of the files that are built, less what `have` says is there of each. */
export function spansToBuild(plan: FilePlan, have: (file: number) => number = () => 0): Spans {
  const spans: Spans = { start: [], end: [] }
  for (const i of filesWith(plan, FATE.build)) addSpan(spans, plan.start[i]! + have(i), plan.start[i + 1]!)
  return spans
}

function addSpan(spans: Spans, start: number, end: number): void {
  if (start === end) return
  if (spans.end.at(-1) === start) {
    spans.end[spans.end.length - 1] = end
    return
  }
  spans.start.push(start)
  spans.end.push(end)
}
