// A lock that one holder has at a time, among all callers, worker threads and processes of a machine, and that is free
// again the moment its holder dies. Node offers no file locks, but its SQLite takes them: a write transaction on an
// empty database is a lock, and the operating system lets go of it when the process ends, however it ends.
//
// The file stays empty and must stay: who removes it while the lock is held lets a second holder in. Nothing else in
// the process may open it, because closing any descriptor of a file drops the POSIX locks that the process has on it.
import { resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { AetherError } from '../core/errors.ts'
import { cancelled, stopIfAborted } from './check-options.ts'
import { lockFailure, resultOf, SQLITE } from './lock-failure.ts'

export interface RunOptions {
  /** Stops the waiting; work that has begun is the caller's to stop. */
  signal?: AbortSignal
  /** Longest wait for the lock, in milliseconds. @default that of the lock */
  timeout?: number
}

export interface ProcessLock {
  /**
   * Waits for the lock and holds it until `work` has settled. Callers of one ProcessLock have their turns in order;
   * between processes there is no order. Not re-entrant: `work` that asks for the same lock waits for itself.
   * @throws {AetherError} `unavailable` when the lock was not free in time, `cancelled`, and whatever `work` throws. Where the
   *   file cannot be locked, the error of the operating system.
   */
  run<T>(work: () => Promise<T>, options?: RunOptions): Promise<T>
  /** Waits for those who have the lock or wait for it; it is not used after this. */
  close(): Promise<void>
}

const PATIENCE = 30_000
/** Longest pause between two tries, in milliseconds. A lock is mostly held for less than a millisecond. */
const LONGEST_PAUSE = 16
/** A longer timer ends at once, in Node. */
const LONGEST_TIMER = 2 ** 31 - 1

interface Wait {
  path: string
  signal: AbortSignal | undefined
  /** On the clock of `performance.now()`. */
  deadline: number
}

export interface LockOptions {
  /** Longest wait for the lock, in milliseconds. @default 30_000 */
  timeout?: number
}

/** `path`: the file to lock by, made when it is absent; its folder must exist. */
export function createProcessLock(path: string, { timeout: patience = PATIENCE }: LockOptions = {}): ProcessLock {
  const file = resolve(path) // SQLite gives names such as "file:…" and ":memory:" a meaning, absolute paths never
  let last: Promise<void> = Promise.resolve()

  async function run<T>(work: () => Promise<T>, { signal, timeout = patience }: RunOptions = {}): Promise<T> {
    const before = last
    const mine = Promise.withResolvers<void>()
    last = before.then(() => mine.promise) // also behind `before`, for when this caller gives up first
    try {
      return await runInTurn(before, work, { path: file, signal, deadline: performance.now() + timeout })
    } finally {
      mine.resolve()
    }
  }

  return { run, close: () => last }
}

async function runInTurn<T>(before: Promise<void>, work: () => Promise<T>, wait: Wait): Promise<T> {
  stopIfAborted(wait.signal)
  await settledInTime(before, wait)
  const held = await acquire(wait)
  try {
    return await work()
  } finally {
    held.close() // rolls the empty transaction back, and with it goes the lock
  }
}

function settledInTime(before: Promise<void>, { path, signal, deadline }: Wait): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', stop)
      settle()
    }
    const stop = () => end(() => reject(cancelled(signal as AbortSignal)))
    const left = Math.min(Math.max(0, deadline - performance.now()), LONGEST_TIMER)
    const timer = setTimeout(() => end(() => reject(stillHeld(path))), left)
    signal?.addEventListener('abort', stop, { once: true })
    void before.then(() => end(resolve))
  })
}

async function acquire(wait: Wait): Promise<DatabaseSync> {
  for (let pause = 1; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    stopIfAborted(wait.signal)
    const held = tryAcquire(wait.path)
    if (held !== undefined) return held
    const left = wait.deadline - performance.now()
    if (left <= 0) throw stillHeld(wait.path)
    // Random, so that processes which met once do not meet again at every try.
    await sleep(Math.min(left, pause * (0.5 + Math.random())), undefined, { signal: wait.signal }).catch(() => {})
  }
}

// A connection for each holder: opening one takes 20 microseconds, and an idle lock then has no descriptors.
function tryAcquire(path: string): DatabaseSync | undefined {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { timeout: 0 })
    // Without this an empty database gets a journal file at BEGIN, and a killed holder leaves it for others to roll back.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN IMMEDIATE')
    return database
  } catch (error) {
    database?.close()
    if (resultOf(error) === SQLITE.busy) return undefined
    throw lockFailure(path, error)
  }
}

function stillHeld(path: string): AetherError {
  return new AetherError('unavailable', `The lock "${path}" was not free in time: another process or task holds it`, {
    hint: 'Try again; if it stays so, look for a process that hangs',
  })
}
