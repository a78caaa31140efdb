// What moved in each step, as one small table.
import { countOf, formatBytes, formatDuration, formatShare } from '../../src/cli/output/numbers.ts'
import { formatTable } from '../../src/cli/output/table.ts'

/** One line of the table. */
export interface Moved {
  step: string
  files: number
  bytes: number
  /** Bytes that went over the network. */
  moved: number
  ms: number
}

/** The part that we need of what `aetherfs push --json` prints. */
interface Pushed {
  results: { files: number; bytes: number; sentBytes: number }[]
}

interface Pulled {
  results: { files: number; bytes: number; downloadedBytes: number }[]
}

export async function pushStep(step: string, work: Promise<Pushed>): Promise<Moved> {
  const { result, ms } = await timed(step, work)
  return { step, ms, files: result.files, bytes: result.bytes, moved: result.sentBytes }
}

export async function pullStep(step: string, work: Promise<Pulled>): Promise<Moved> {
  const { result, ms } = await timed(step, work)
  return { step, ms, files: result.files, bytes: result.bytes, moved: result.downloadedBytes }
}

async function timed<T>(step: string, work: Promise<{ results: T[] }>): Promise<{ result: T; ms: number }> {
  const started = performance.now()
  const [result] = (await work).results
  if (result === undefined) throw new Error(`${step} gave no result`)
  return { result, ms: performance.now() - started }
}

export function stepTable(steps: readonly Moved[]): string[] {
  const columns = [
    { title: 'STEP' },
    { title: 'CONTENT', align: 'right' as const },
    { title: 'MOVED', align: 'right' as const },
    { title: 'SHARE', align: 'right' as const },
    { title: 'TIME', align: 'right' as const },
  ]
  const rows = steps.map(({ step, files, bytes, moved, ms }) => [
    step,
    `${formatBytes(bytes)} in ${countOf(files, 'file')}`,
    formatBytes(moved),
    formatShare(moved, bytes),
    formatDuration(ms),
  ])
  return formatTable(columns, rows)
}
