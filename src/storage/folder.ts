// A store in a folder of a local file system. Each object is a file that holds its bytes and nothing else, named by its
// key, so that `sha256sum` can check blocks and `cp` can copy the store.
//
// The files are for one user on one machine. Over a network file system the lock is as good as its lock service, and
// what `head` and `list` say may be some seconds old. Two keys that differ in case alone are two objects only where
// the file system says so.
import * as nodeFs from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { AetherError, systemCode } from '../core/errors.ts'
import { checkKey } from './check-key.ts'
import { checkList, checkRange, stopIfAborted } from './check-options.ts'
import { noSuchObject } from './conditions.ts'
import { ensureRoot } from './folder/durable-folders.ts'
import { explain } from './folder/explain.ts'
import { createStamper, infoOf } from './folder/file-version.ts'
import type { FolderFs } from './folder/folder-fs.ts'
import { openObject, readOpened, statNamed } from './folder/read-object.ts'
import { processSpace, removeStale } from './folder/temporary-files.ts'
import { walkFolder } from './folder/walk-folder.ts'
import { createFolderWriter, type FolderWriter } from './folder/writer.ts'
import { createProcessLock, type ProcessLock } from './process-lock.ts'
import type { ListOptions, ListPage, ObjectInfo, Storage, StoredObject } from './storage.ts'
import { takePage } from './take-page.ts'

export interface FolderOptions {
  /** @default node:fs/promises */
  fs?: FolderFs
  /** Milliseconds since 1970. @default Date.now */
  now?: () => number
  /** Longest wait for other writers, in milliseconds. @default 30_000 */
  lockTimeout?: number
  /** Opens a folder that is there, and makes and removes nothing in it. @default false */
  readOnly?: boolean
}

interface Folder {
  fs: FolderFs
  root: string
}

// Names that begin with "." are no keys, so these are in nobody's way.
const TEMPORARY = '.tmp'
const LOCK = '.lock'

/**
 * Opens the store in the folder `path`, which is made when it is absent.
 * @throws {AetherError} when the folder cannot be made or is something else.
 */
export async function createFolderStorage(path: string, options: FolderOptions = {}): Promise<Storage> {
  const { fs = nodeFs, now = Date.now, lockTimeout, readOnly = false } = options
  const root = resolve(path)
  const temporary = join(root, TEMPORARY)
  await (readOnly ? findRoot(fs, root) : ensureRoot(fs, root)).catch((error) => cannotOpen(root, error))
  const space = await processSpace()
  if (!readOnly) await removeStale(fs, temporary, { space, now: now() })
  const lock = createProcessLock(join(root, LOCK), { timeout: lockTimeout })
  const writer = createFolderWriter({ fs, root, temporary, space, stamp: createStamper(now), lock })
  return assemble({ fs, root }, writer, lock)
}

/** @throws {AetherError} `not-found` when nothing is there, and the system's error for what is no folder. */
async function findRoot(fs: FolderFs, root: string): Promise<void> {
  try {
    await fs.readdir(root)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
    throw new AetherError('not-found', `There is no store at "${root}"`, { cause: error })
  }
}

function assemble(folder: Folder, writer: FolderWriter, lock: ProcessLock): Storage {
  const targetOf = (key: string) => ({ key, path: pathOf(folder, key) })
  return {
    get: (key, options = {}) => explained(`Cannot read "${key}"`, () => get(folder, key, options)),
    head: (key, options = {}) => explained(`Cannot read "${key}"`, () => head(folder, key, options)),
    put: (key, bytes, options = {}) =>
      explained(`Cannot write "${key}"`, () => writer.put(targetOf(key), bytes, options)),
    list: (options) => explained(`Cannot list "${options.prefix}"`, () => list(folder, options)),
    delete: (key, options = {}) => explained(`Cannot delete "${key}"`, () => writer.remove(targetOf(key), options)),
    close: () => lock.close(),
  }
}

type GetOptions = NonNullable<Parameters<Storage['get']>[1]>

async function get(folder: Folder, key: string, { range, signal }: GetOptions): Promise<StoredObject> {
  const path = pathOf(folder, key)
  checkRange(range)
  stopIfAborted(signal)
  const object = await openObject(folder.fs, path)
  if (object === undefined) throw noSuchObject(key)
  try {
    return { info: infoOf(key, object.stat), bytes: await readOpened(object, { key, range, signal }) }
  } finally {
    await object.file.close()
  }
}

async function head(
  folder: Folder,
  key: string,
  { signal }: { signal?: AbortSignal },
): Promise<ObjectInfo | undefined> {
  const path = pathOf(folder, key)
  stopIfAborted(signal)
  const stat = await statNamed(folder.fs, path)
  return stat && infoOf(key, stat)
}

async function list(folder: Folder, options: ListOptions): Promise<ListPage> {
  const limit = checkList(options)
  const { entries, next } = await takePage(walkFolder({ ...options, ...folder }), limit)
  const names = (folded: boolean) => entries.filter((entry) => entry.folded === folded).map((entry) => entry.name)
  const infos = await Promise.all(names(false).map((key) => head(folder, key, options)))
  return { objects: infos.filter((info) => info !== undefined), prefixes: names(true), next }
}

function pathOf({ root }: Folder, key: string): string {
  checkKey(key)
  return join(root, key)
}

async function explained<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw explain(error, doing)
  }
}

function cannotOpen(path: string, error: unknown): never {
  const doing = `Cannot open the store "${path}"`
  const isNoFolder = ['EEXIST', 'ENOTDIR'].includes(systemCode(error) ?? '')
  throw isNoFolder
    ? new AetherError('invalid', `${doing}: it is not a folder`, { cause: error })
    : explain(error, doing)
}
