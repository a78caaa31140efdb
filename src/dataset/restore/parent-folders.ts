// Makes the folders above the files of a snapshot. Every one of them is a real folder below the root, never a link.
import { lstatSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { AetherError, systemCode } from '../../core/errors.ts'

/** Answers a function that makes the folders above `path` (relative to `root`), each of them once. */
export function createParentMaker(root: string): (path: string) => void {
  const made = new Set<string>()
  let last = ''

  function make(folder: string): void {
    if (made.has(folder)) return
    const above = dirname(folder)
    if (above !== '.') make(above)
    makeFolder(join(root, folder))
    made.add(folder)
  }

  return (path) => {
    const slash = path.lastIndexOf('/')
    if (slash < 0) return
    const folder = path.slice(0, slash)
    if (folder === last) return // neighbours mostly lie in one folder
    make(folder)
    last = folder
  }
}

/** Makes one folder; one that is there is taken when it is a folder and no link to one. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path)
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
    if (lstatSync(path).isDirectory()) return
    throw new AetherError('conflict', `"${path}" is in the way: a folder is to be there`, {
      cause: error,
      hint: 'Move it away and try again',
    })
  }
}
