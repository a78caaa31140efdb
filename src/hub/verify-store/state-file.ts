// The file in which a check of a store keeps how far it has come. It is an SQLite database: whole after a kill at any
// moment, and what is remembered of millions of objects need not be in memory.
import { open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AetherError, systemCode, toAetherError } from '../../core/errors.ts'
import { makeFolders } from '../../storage/make-folders.ts'

/** In the header of the database, so that no other file is taken for one of ours: "AFSV". */
const APPLICATION_ID = 0x41465356
const FORMAT_VERSION = 1
const HEADER_BYTES = 100

/** Rowids keep large rows in the order of their keys, in which most of them come. */
const SCHEMA = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
  CREATE TABLE counts (kind TEXT PRIMARY KEY, objects INTEGER NOT NULL, bytes INTEGER NOT NULL);
  CREATE TABLE blocks (
    id BLOB PRIMARY KEY, size INTEGER NOT NULL, tailSize INTEGER NOT NULL, tailHash BLOB NOT NULL,
    chunkStart BLOB NOT NULL, used INTEGER NOT NULL DEFAULT 0);
  CREATE TABLE snapshots (key TEXT PRIMARY KEY);
  CREATE TABLE log (
    key TEXT PRIMARY KEY, tag TEXT NOT NULL, "from" TEXT, "to" TEXT, whenMicros INTEGER NOT NULL, previous TEXT);
  CREATE TABLE files (recipe BLOB PRIMARY KEY) WITHOUT ROWID;
  CREATE TABLE findings (key TEXT PRIMARY KEY, kind TEXT NOT NULL, problem TEXT NOT NULL, reason TEXT NOT NULL);
  CREATE TABLE lacks (object TEXT, user TEXT, userKind TEXT NOT NULL, PRIMARY KEY (object, user)) WITHOUT ROWID;
  CREATE INDEX lacksOfUser ON lacks (user);
  CREATE TABLE suspects (key TEXT PRIMARY KEY);
  CREATE TABLE unknown (key TEXT PRIMARY KEY);`

export interface StateFile {
  database: DatabaseSync
  /** False when it goes on with a check that was interrupted. */
  isNew: boolean
}

export interface StateFileOptions {
  /** Which check it is: of which store, how deep. A file of another one is refused. */
  subject: string
  /** Forgets what is there. */
  restart?: boolean
}

/** @throws {AetherError} `invalid` when the file is something else, `unavailable` when another process works with it. */
export async function openStateFile(path: string, { subject, restart = false }: StateFileOptions): Promise<StateFile> {
  await makeFolders(dirname(path), 0o700)
  if (!(await isFreeOrOurs(path))) throw cannotUse(path, 'it is another kind of file', 'Name one that is not there yet')
  try {
    return openDatabase(path, subject, restart)
  } catch (error) {
    if (!restart || !isDamage(error)) throw explainState(error, path)
  }
  await removeState(path)
  return openDatabase(path, subject, restart)
}

export async function removeState(path: string): Promise<void> {
  for (const suffix of ['', '-wal', '-shm']) await rm(path + suffix, { force: true })
}

/** Never writes over a file of somebody else's. */
async function isFreeOrOurs(path: string): Promise<boolean> {
  try {
    await using file = await open(path, 'r')
    const { bytesRead, buffer } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0)
    return bytesRead === 0 || (bytesRead === HEADER_BYTES && buffer.readUInt32BE(68) === APPLICATION_ID)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return true
    throw toAetherError(error)
  }
}

function openDatabase(path: string, subject: string, restart: boolean): StateFile {
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    // Exclusive: two checks of one state would count everything twice. The id comes first, so that it is in the file
    // whenever a kill comes; the write-ahead log is what survives one.
    database.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA application_id = ${APPLICATION_ID};
      PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL`)
    const present = subjectOf(database)
    const isNew = restart || present === undefined
    if (isNew) reset(database, subject)
    else if (present !== subject) throw cannotUse(path, `it is of another check: ${present}`, OTHER_CHECK)
    return { database, isNew }
  } catch (error) {
    database.close()
    throw error
  }
}

const OTHER_CHECK = 'Name another file, or begin anew with --restart'

/** Undefined in a database without tables. @throws {AetherError} `invalid` for one of another version. */
function subjectOf(database: DatabaseSync): string | undefined {
  if (tablesOf(database).length === 0) return undefined
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number }
  if (version !== FORMAT_VERSION) return `of version ${version} of this file's format`
  const row = database.prepare("SELECT value FROM meta WHERE name = 'subject'").get() as { value: string } | undefined
  return row?.value
}

function tablesOf(database: DatabaseSync): string[] {
  return database
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
    .all()
    .map((row) => String(row.name))
}

function reset(database: DatabaseSync, subject: string): void {
  const drops = tablesOf(database).map((name) => `DROP TABLE ${name};`)
  database.exec(`BEGIN IMMEDIATE; ${drops.join(' ')} ${SCHEMA}
    PRAGMA user_version = ${FORMAT_VERSION}`)
  database.prepare("INSERT INTO meta VALUES ('subject', ?)").run(subject)
  database.exec('COMMIT')
}

function cannotUse(path: string, reason: string, hint: string): AetherError {
  return new AetherError('invalid', `Cannot keep the state of the check in "${path}": ${reason}`, { hint })
}

const SQLITE = { busy: 5, corrupt: 11, full: 13, cannotOpen: 14, notADatabase: 26 } as const

function resultOf(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode
  return typeof code === 'number' ? code & 0xff : undefined
}

function isDamage(error: unknown): boolean {
  return [SQLITE.corrupt, SQLITE.notADatabase].some((code) => code === resultOf(error))
}

/** The same failure in words, when it is one of the database's. */
export function explainState(error: unknown, path: string): unknown {
  const result = resultOf(error)
  if (result === undefined) return error
  const doing = `Cannot keep the state of the check in "${path}"`
  if (isDamage(error))
    return new AetherError('invalid', `${doing}: it is damaged`, { cause: error, hint: 'Begin anew with --restart' })
  if (result === SQLITE.busy)
    return new AetherError('unavailable', `${doing}: another check works with it`, {
      cause: error,
      hint: 'Wait for its end, or name another file with --state',
    })
  if (result === SQLITE.full)
    return new AetherError('no-space', `${doing}: the disk is full`, {
      cause: error,
      hint: 'Free some space and run the same command again, or name a file elsewhere with --state',
    })
  const reason = result === SQLITE.cannotOpen ? 'it cannot be opened' : (error as Error).message
  return new AetherError('internal', `${doing}: ${reason}`, { cause: error })
}
