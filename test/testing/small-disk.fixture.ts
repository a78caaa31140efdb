// A disk that is soon full: a tmpfs. Only root can have one; everybody else has limits on the length of files.
import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { systemCode } from '../../src/core/errors.ts'

export interface SmallDisk extends Disposable {
  path: string
  /** Gives it another size, in MiB. */
  resize(size: number): void
  /** Writes until there is no room left. */
  fill(): void
  /** Takes away what `fill` wrote. */
  empty(): void
  /** Makes it read-only, or writable again. */
  protect(isReadOnly: boolean): void
}

/** Why there can be no such disk here; undefined when there can. */
export function noSmallDisk(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root can mount a tmpfs'
  try {
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'pipe' })
    return undefined
  } catch (error) {
    return `a tmpfs cannot be mounted: ${String(error)}`
  }
}

/** @param size in MiB */
export function mountSmallDisk(path: string, size: number): SmallDisk {
  mkdirSync(path)
  const mount = (options: string) => execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path])
  mount(`size=${size}m`)
  const filler = join(path, 'filler')
  return {
    path,
    resize: (other) => void mount(`remount,size=${other}m`),
    fill: () => fillUp(filler),
    empty: () => rmSync(filler),
    protect: (isReadOnly) => void mount(`remount,${isReadOnly ? 'ro' : 'rw'}`),
    [Symbol.dispose]: () => void execFileSync('umount', ['-l', path]),
  }
}

function fillUp(path: string): void {
  const file = openSync(path, 'w')
  try {
    for (let size = 1024 * 1024; size > 0; size >>= 1) writeWhileRoom(file, Buffer.alloc(size))
  } finally {
    closeSync(file)
  }
}

function writeWhileRoom(file: number, bytes: Buffer): void {
  try {
    while (writeSync(file, bytes) === bytes.length);
  } catch (error) {
    if (systemCode(error) !== 'ENOSPC') throw error
  }
}
