// The same command once more, in a process that stays when the shell goes on.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { basename, join } from 'node:path'
import { sha256Hex } from '../../core/id.ts'
import { makeFolders } from '../../storage/make-folders.ts'
import { environmentName } from '../settings/settings.ts'

export interface BackgroundOutcome {
  /** What it said when it was ready; undefined when it ended before. */
  line: string | undefined
  exit: number
  /** What it wrote to its log before it ended. */
  log: string
}

export function logFileOf(cacheFolder: string, folder: string): string {
  return join(cacheFolder, 'mounts', `${basename(folder)}-${sha256Hex(folder).slice(0, 8)}.log`)
}

/** Resolves when the mount answers, or the process has ended without that. */
export async function runInBackground(logFile: string): Promise<BackgroundOutcome> {
  await makeFolders(join(logFile, '..'), 0o700)
  const log = openSync(logFile, 'a+', 0o600)
  const start = fstatSync(log).size
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    detached: true,
    stdio: ['ignore', 'pipe', log],
    env: { ...process.env, [environmentName('mount.foreground')]: 'true' },
  })
  const exited = once(child, 'exit') as Promise<[number | null]>
  const stdout = child.stdout!
  let text = ''
  stdout.setEncoding('utf8').on('data', (part: string) => (text += part))
  const isReady = new Promise<boolean>((resolve) => stdout.on('data', () => text.includes('\n') && resolve(true)))
  const ready = await Promise.race([isReady, exited.then(() => false)])
  child.unref()
  stdout.destroy()
  const outcome = ready
    ? { line: text.slice(0, text.indexOf('\n')), exit: 0, log: '' }
    : { line: undefined, exit: (await exited)[0] ?? 1, log: textFrom(log, start) }
  closeSync(log)
  return outcome
}

function textFrom(file: number, start: number): string {
  const bytes = Buffer.alloc(Math.min(64 * 1024, fstatSync(file).size - start))
  return bytes.toString('utf8', 0, readSync(file, bytes, 0, bytes.length, start))
}
