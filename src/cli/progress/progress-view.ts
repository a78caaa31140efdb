// Where the progress of a command is shown.
import type { OnProgress } from '../../client/progress.ts'

export interface ProgressView {
  report: OnProgress
  /** Writes a line that stays, above what is drawn. */
  above(line: string): Promise<void>
  /** Takes away what is drawn; nothing is drawn after it. */
  finish(): void
}
