// Counts what a pull does and tells of it, not more often than anyone can look.
import type { OnProgress, Phase, Progress } from '../progress.ts'

export interface Report {
  /** Bytes that came from the hub, and requests for parts of blocks. */
  downloadedBytes: number
  /** Of these, bytes of a delta. */
  deltaBytes: number
  blockRequests: number
  readonly warnings: string[]
  warn(text: string): void
  /** Begins a phase, or goes on in it. */
  progress(phase: Phase, numbers: Omit<Progress, 'subject' | 'phase'>): void
}

/** Milliseconds between two reports of one phase. */
const INTERVAL = 100

export function createReport(subject: string, onProgress: OnProgress | undefined): Report {
  const warnings = new Set<string>()
  let lastPhase: Phase | undefined
  let lastTime = 0

  function progress(phase: Phase, numbers: Omit<Progress, 'subject' | 'phase'>): void {
    const now = performance.now()
    if (onProgress === undefined || (phase === lastPhase && !numbers.done && now - lastTime < INTERVAL)) return
    lastPhase = phase
    lastTime = now
    onProgress({ subject, phase, ...numbers })
  }

  return {
    downloadedBytes: 0,
    deltaBytes: 0,
    blockRequests: 0,
    get warnings() {
      return [...warnings]
    },
    warn: (text) => void warnings.add(text),
    progress,
  }
}
