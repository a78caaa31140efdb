// Makes a folder and all above it. Not left to Node's recursive mkdir, which tries for ever where a file system answers
// "no such folder" though the one above is there, as /proc does.
import { mkdir as nodeMkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { systemCode } from '../core/errors.ts'

type Mkdir = (path: string, options: { mode: number }) => Promise<unknown>

/**
 * @returns the folders that were made, the topmost first; none when the folder was there.
 * @throws the system's error, EEXIST or ENOTDIR when something else than a folder is in the way
 */
export async function makeFolders(folder: string, mode: number, mkdir: Mkdir = nodeMkdir): Promise<string[]> {
  const made = await tryMake(folder, mode, mkdir)
  if (made !== 'no parent') return made
  const above = dirname(folder) === folder ? [] : await makeFolders(dirname(folder), mode, mkdir)
  const second = await tryMake(folder, mode, mkdir)
  if (second !== 'no parent') return [...above, ...second]
  throw Object.assign(new Error(`ENOENT: no folder can be made here, mkdir '${folder}'`), {
    code: 'ENOENT',
    syscall: 'mkdir',
  })
}

async function tryMake(folder: string, mode: number, mkdir: Mkdir): Promise<string[] | 'no parent'> {
  try {
    await mkdir(folder, { mode })
    return [folder]
  } catch (error) {
    if (systemCode(error) === 'EEXIST' && (await stat(folder)).isDirectory()) return []
    if (systemCode(error) === 'ENOENT') return 'no parent'
    throw error
  }
}
