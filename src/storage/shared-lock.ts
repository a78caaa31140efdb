// A lock that any number of holders share, among all tasks and processes of a machine, and that one of them may have alone
// while nobody else holds it. As in process-lock.ts it is SQLite that takes it, and the system that lets go of it when a
// process ends; what is said there about its file goes for this one too.
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { lockFailure, resultOf, SQLITE } from './lock-failure.ts'

export interface SharedLock extends Disposable {
  /**
   * Does work while nobody else holds the lock, which others who want it wait for.
   * @returns undefined, and nothing is done, when somebody else holds it
   */
  alone<T>(work: () => Promise<T>): Promise<T | undefined>
}

const SHARE = 'BEGIN; SELECT count(*) FROM sqlite_schema'
/** Milliseconds for which whoever has the lock alone is waited for. */
const PATIENCE = 10_000
const PAUSE = 16

/** @returns undefined when somebody has the lock alone for too long. @throws what lockFailure says */
export async function shareLock(path: string, signal?: AbortSignal): Promise<SharedLock | undefined> {
  for (const end = performance.now() + PATIENCE; performance.now() < end; ) {
    signal?.throwIfAborted()
    const database = tryToShare(path)
    if (database) return createLock(database)
    await sleep(PAUSE * Math.random(), undefined, { signal })
  }
  return undefined
}

function tryToShare(path: string): DatabaseSync | undefined {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { timeout: 0 })
    database.exec(`PRAGMA journal_mode = MEMORY; ${SHARE}`)
    return database
  } catch (error) {
    database?.close()
    if (resultOf(error) === SQLITE.busy) return undefined
    throw lockFailure(path, error)
  }
}

function createLock(database: DatabaseSync): SharedLock {
  function attempt(words: string): boolean {
    try {
      database.exec(words)
      return true
    } catch (error) {
      if (resultOf(error) === SQLITE.busy) return false
      throw error
    }
  }

  async function alone<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (database.isTransaction) database.exec('ROLLBACK')
    try {
      return attempt('BEGIN EXCLUSIVE') ? await work() : undefined
    } finally {
      if (database.isTransaction) database.exec('ROLLBACK') // of nothing: the file stays empty
      attempt(SHARE)
    }
  }

  return { alone, [Symbol.dispose]: () => database.close() }
}
