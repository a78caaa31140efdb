// What a command costs: wall time by our clock, the rest as the kernel tells GNU time when the command has ended, all of
// its threads and children included.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

export interface Usage {
  /** Seconds. */
  wall: number
  /** Seconds of processor time, user and system. */
  cpu: number
  /** Most memory that its largest process had at once, in bytes. */
  peak: number
  stdout: string
}

export interface MeasureOptions {
  cwd?: string
  env?: NodeJS.ProcessEnv
}

export const GNU_TIME = '/usr/bin/time'

/** Runs a command to its end. @throws when it fails. */
export async function measure(words: readonly string[], { cwd, env }: MeasureOptions = {}): Promise<Usage> {
  const folder = mkdtempSync(join(tmpdir(), 'aetherfs-bench-time-'))
  const report = join(folder, 'report')
  try {
    const started = performance.now()
    // Between us and the command, time also keeps what we have in memory out of what the command is said to have.
    const args = ['-f', '%U %S %M', '-o', report, '--', ...words]
    const child = spawn(GNU_TIME, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    const outputs = Promise.all([text(child.stdout), text(child.stderr)])
    const [code, signal] = await once(child, 'exit')
    const wall = (performance.now() - started) / 1000
    const [stdout, stderr] = await outputs
    if (code !== 0)
      throw new Error(`"${words.join(' ')}" ended with ${code ?? signal}:\n${stderr}${stdout.slice(0, 4000)}`)
    return { wall, ...readReport(readFileSync(report, 'utf8')), stdout }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function readReport(report: string): { cpu: number; peak: number } {
  const [user, system, peak] = report.trim().split(' ').map(Number)
  return { cpu: user! + system!, peak: peak! * 1024 }
}
