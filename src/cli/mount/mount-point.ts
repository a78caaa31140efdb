// The folder that is to be mounted on: there, empty, and not in use. Leftovers of a mount of ours whose process is gone are
// cleared away.
import { opendir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { AetherError, systemCode } from '../../core/errors.ts'
import { unmountCommand, unmountFolder } from './mount-folder.ts'
import { mountAt, OUR_TYPE, readMountTable } from './mount-table.ts'
import { runTool } from './run-tool.ts'

/** A mount that lives answers at once. */
const PATIENCE = 3000

/**
 * @returns the path without links in it
 * @throws {AetherError} `not-found`, `invalid` or `conflict`
 */
export async function prepareMountPoint(folder: string, onCleaned: (path: string) => void): Promise<string> {
  const path = await pathWithoutLinks(folder)
  for (;;) {
    const mounted = mountAt(await readMountTable(), path)
    if (mounted?.type !== OUR_TYPE) break
    if (!(await isDead(path)))
      throw new AetherError('conflict', `There is a dataset mounted at "${folder}" already`, {
        hint: `Unmount it with "${unmountCommand(folder)}", or choose another folder`,
      })
    await unmountFolder(path, mounted.device)
    onCleaned(path)
  }
  const real = await realpath(path).catch((cause: unknown) => {
    throw missing(folder, cause)
  })
  if (real !== path) return prepareMountPoint(real, onCleaned)
  await requireEmptyFolder(folder, path)
  return path
}

/** The last part is not looked at: a dead mount answers nothing but errors, and a hung one nothing at all. */
async function pathWithoutLinks(folder: string): Promise<string> {
  const path = resolve(folder)
  try {
    return join(await realpath(dirname(path)), basename(path))
  } catch (cause) {
    throw missing(folder, cause)
  }
}

async function requireEmptyFolder(folder: string, path: string): Promise<void> {
  const found = await stat(path)
  if (!found.isDirectory())
    throw new AetherError('invalid', `Cannot mount at "${folder}": it is no folder`, { hint: 'Name an empty folder' })
  const entries = await opendir(path)
  const first = await entries.read()
  await entries.close()
  if (first !== null)
    throw new AetherError('conflict', `Cannot mount at "${folder}": it is not empty`, {
      hint: 'A mount hides what is in a folder; make an empty one with mkdir',
    })
}

/** Asked by another program, which may hang without harm. */
async function isDead(path: string): Promise<boolean> {
  const { exit, stderr } = await runTool('stat', ['-f', path], { patience: PATIENCE })
  return exit !== 0 && /not connected|connection aborted/i.test(stderr)
}

function missing(folder: string, cause: unknown): unknown {
  if (systemCode(cause) !== 'ENOENT' && systemCode(cause) !== 'ENOTDIR') return cause
  return new AetherError('not-found', `There is no folder "${folder}"`, { cause, hint: `Make it: mkdir -p ${folder}` })
}
