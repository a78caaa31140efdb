// The program as users run it: a process of its own, in a home of its own.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname

export interface Outcome {
  /** Undefined when a signal ended it. */
  exit: number | undefined
  signal: NodeJS.Signals | undefined
  stdout: string
  stderr: string
}

export interface Program {
  process: ChildProcess
  /** What it has written to stdout so far. */
  stdout(): string
  stderr(): string
  /** Resolves when it has ended and all its output is there. */
  outcome: Promise<Outcome>
}

export interface ProgramOptions {
  /** Folder for its configuration, cache and data. */
  home: string
  cwd?: string
  env?: Record<string, string>
  /** Longest file that it may write, in KiB: what is longer fails as on a full disk. */
  fileLimit?: number
  /** Another user to run as; only root may ask for that. */
  uid?: number
  /** Another program than ours: the path of its main module. */
  main?: string
}

let compiled: string | undefined

/**
 * Compiled code is kept between programs: each starts in half the time. Another user keeps it apart, because Node lets
 * nobody else read it.
 */
function compileCache(uid: number | undefined): string {
  const { NODE_COMPILE_CACHE: shared } = process.env
  if (shared !== undefined && uid === undefined) return shared
  if (compiled === undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'aetherfs-test-compiled-'))
    if (uid !== undefined) chmodSync(folder, 0o777)
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
    compiled = folder
  }
  return compiled
}

/** Begins `aetherfs <args>`; ended with the tests of the file if it runs that long. */
export function startProgram(args: readonly string[], options: ProgramOptions): Program {
  const { home, cwd = home, env, fileLimit, uid, main = MAIN } = options
  const words = [process.execPath, main, ...args]
  // sh counts in blocks of 512 bytes.
  const limited =
    fileLimit === undefined ? words : ['sh', '-c', `ulimit -f ${fileLimit * 2}; exec "$@"`, 'sh', ...words]
  const [command = '', ...rest] = limited
  const child = spawn(command, rest, {
    cwd,
    uid,
    gid: uid,
    env: { PATH: process.env.PATH, TMPDIR: tmpdir(), HOME: home, NODE_COMPILE_CACHE: compileCache(uid), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const texts = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (texts.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (texts.stderr += text))
  endWithTests(child)
  const outcome = once(child, 'close').then(([exit, signal]: unknown[]) => ({
    exit: (exit as number | null) ?? undefined,
    signal: (signal as NodeJS.Signals | null) ?? undefined,
    ...texts,
  }))
  return { process: child, stdout: () => texts.stdout, stderr: () => texts.stderr, outcome }
}

/** Runs `aetherfs <args>` to its end. */
export function runProgram(args: readonly string[], options: ProgramOptions): Promise<Outcome> {
  return startProgram(args, options).outcome
}

const running = new Set<ChildProcess>()
let watching = false

/** No test that fails leaves a process behind. */
function endWithTests(child: ChildProcess): void {
  running.add(child)
  child.once('exit', () => running.delete(child))
  if (watching) return
  watching = true
  after(() => {
    for (const left of running) left.kill('SIGKILL')
  })
}
