// What the figures were measured on, and whether it had anything else to do.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { formatBytes } from '../../src/cli/output/numbers.ts'

/** From this part of its processors on a machine is not idle. */
const BUSY = 0.1

export interface Machine {
  /** One line. */
  description: string
  /** Part of the processors that others used when we began, from 0 to 1. */
  busy: number
  load: number
}

export async function describeMachine(folder: string): Promise<Machine> {
  const [processor] = cpus()
  const description = [
    `${cpus().length} cores${processor?.model ? ` (${processor.model.trim()})` : ''}`,
    `${formatBytes(totalmem())} of memory`,
    `Linux ${release()}`,
    fileSystemOf(folder),
    `Node ${process.version}`,
  ].join(', ')
  return { description, busy: await busyShare(), load: loadavg()[0]! }
}

export function isIdle({ busy }: Machine): boolean {
  return busy < BUSY
}

function fileSystemOf(folder: string): string {
  const [, line = ''] = execFileSync('df', ['--output=fstype,source', folder], { encoding: 'utf8' }).trim().split('\n')
  const [type = '', device = ''] = line.trim().split(/\s+/)
  const hasJournal = type !== 'ext4' || existsSync(`/proc/fs/jbd2/${basename(device)}-8`)
  return `${type} on ${device}${hasJournal ? '' : ' without a journal'}`
}

/** Over two seconds, from /proc/stat. */
async function busyShare(): Promise<number> {
  const before = ticks()
  await sleep(2000)
  const after = ticks()
  return 1 - (after.idle - before.idle) / (after.all - before.all)
}

function ticks(): { idle: number; all: number } {
  const fields = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]!.trim().split(/\s+/).slice(1, 9).map(Number)
  // Waiting for a disk is not work of a processor.
  return { idle: fields[3]! + fields[4]!, all: fields.reduce((sum, value) => sum + value, 0) }
}
