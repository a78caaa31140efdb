// Where the files of a listing that another one does not have lie in the content, and bytes that are divided among them.
import { lastAtMost } from '../../core/block.ts'
import type { Entry } from '../../core/listing.ts'

export interface FileSpans {
  /** In the order of the content. */
  paths: readonly string[]
  /** The files that have bytes in a range of the content, and how many. */
  within(begin: number, end: number): Generator<{ file: number; length: number }>
}

/** Files of `to` whose path has other content in `from`, or none. */
export function changedSpans(from: readonly Entry[], to: readonly Entry[]): FileSpans {
  const before = new Map(from.map((entry) => [entry.path, entry.kind === 'file' ? entry.hash : undefined]))
  const paths: string[] = []
  const start: number[] = []
  const end: number[] = []
  let offset = 0
  for (const entry of to) {
    if (entry.kind !== 'file') continue
    offset += entry.size
    if (entry.size === 0 || before.get(entry.path) === entry.hash) continue
    paths.push(entry.path)
    start.push(offset - entry.size)
    end.push(offset)
  }
  const starts = Float64Array.from(start)

  function* within(first: number, last: number) {
    for (let file = Math.max(0, lastAtMost(starts, first)); file < paths.length && start[file]! < last; file++) {
      const length = Math.min(last, end[file]!) - Math.max(first, start[file]!)
      if (length > 0) yield { file, length }
    }
  }

  return { paths, within }
}

/** Bytes of each file, and behind them those of no file. */
export interface Shares {
  /** Divides bytes by weights; without any, they are of no file. */
  divide(bytes: number, weights: ReadonlyMap<number, number>): void
  /** Whole numbers whose sum is that of all that was divided. */
  finish(): number[]
}

/** @param files number of files, which is also the place of what is of no file */
export function createShares(files: number): Shares {
  const exact = new Float64Array(files + 1)

  function divide(bytes: number, weights: ReadonlyMap<number, number>): void {
    const total = weights.values().reduce((sum, weight) => sum + weight, 0)
    if (total === 0) exact[files]! += bytes
    else for (const [file, weight] of weights) exact[file]! += (bytes * weight) / total
  }

  function finish(): number[] {
    let [sum, given] = [0, 0]
    return Array.from(exact, (value) => {
      sum += value
      const share = Math.round(sum) - given
      given += share
      return share
    })
  }

  return { divide, finish }
}
