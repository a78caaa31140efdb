// Puts what was written below a folder on stable storage, so that a loss of power cannot take away what a link points to.
import { spawn } from 'node:child_process'
import type { Dirent } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCode } from '../../core/errors.ts'
import { mapOrdered } from '../map-ordered.ts'

/**
 * Syncs a whole tree: by one sync of its file system where the operating system offers that, which is far quicker than a
 * sync of each of many files, else file by file.
 */
export async function syncTree(folder: string): Promise<void> {
  if (process.platform === 'linux' && (await syncFileSystem(folder))) return
  await syncEach(folder)
}

/** Runs coreutils' `sync -f`: Node has no call for syncfs(2). False when that is not to be had. */
function syncFileSystem(folder: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn('sync', ['-f', '--', folder], { stdio: 'ignore' })
    child.once('error', () => resolve(false))
    child.once('exit', (code) => resolve(code === 0))
  })
}

/** Files that are synced at once. */
const WIDTH = 8

async function syncEach(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true })
  const sync = (entry: Dirent) => syncEntry(join(folder, entry.name), entry)
  for await (const _ of mapOrdered(entries, WIDTH, sync));
  await syncFolder(folder)
}

async function syncEntry(path: string, entry: Dirent): Promise<void> {
  if (entry.isDirectory()) await syncEach(path)
  else if (entry.isFile()) await syncOne(path)
}

/** File systems that keep no order of folder changes answer a sync of a folder so. */
const CANNOT_SYNC = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'EISDIR', 'EPERM'])

/** Without this a crash can undo what was made, renamed or removed in the folder. */
export async function syncFolder(folder: string): Promise<void> {
  try {
    await syncOne(folder)
  } catch (error) {
    if (!CANNOT_SYNC.has(systemCode(error) ?? '')) throw error
  }
}

async function syncOne(path: string): Promise<void> {
  const handle = await open(path, 'r')
  await handle.sync().finally(() => handle.close())
}
