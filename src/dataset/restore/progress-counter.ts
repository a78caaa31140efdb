// Counts what a restore has written.
import { FATE, totalsOf } from './file-plan.ts'
import { bytesBegun, reusedBytes, type Work } from './restore-work.ts'

/** @param more bytes besides that need not be fetched */
export function createCounter(work: Work, more: () => number): (bytes: number, files: number) => void {
  const { options, plan } = work
  const total = totalsOf(plan, FATE.build)
  const there = bytesBegun(work)
  const reused = reusedBytes(work)
  const progress = { bytes: there, files: 0, totalBytes: total.bytes, totalFiles: total.files, reusedBytes: reused }
  return (bytes, files) => {
    progress.bytes += bytes
    progress.files += files
    progress.reusedBytes = reused + more()
    options.onProgress?.(progress)
  }
}
