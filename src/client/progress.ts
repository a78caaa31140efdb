// How long work tells what it is doing. The command line draws it; libraries may ignore it.

export type Phase = 'scan' | 'read' | 'upload' | 'publish' | 'resolve' | 'download' | 'write' | 'sync' | 'verify'

/** A snapshot of how far a piece of work has come. Numbers only grow within a phase; totals may grow when more is found. */
export interface Progress {
  /** What the work is about: a reference or a path. */
  subject: string
  phase: Phase
  /** Bytes done in this phase. */
  bytes: number
  /** Bytes in all, when known. */
  totalBytes?: number
  files?: number
  totalFiles?: number
  /** Bytes that need not be moved because they are there already. */
  reusedBytes?: number
  /** True on the last report of the phase. */
  done?: boolean
}

export type OnProgress = (progress: Progress) => void
