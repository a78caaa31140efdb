// What tells two states of an object in a folder apart: its inode, the time of its last change and its size.
//
// An object is never changed in place, so a new state is a new file. Yet an inode number is used again as soon as its
// file is gone, and the kernel's own stamps stand still for up to ten milliseconds: "a, b, a again" within one tick
// could give two states one version. So each file is stamped by hand, after its inode is its own, with the clock's
// millisecond and a count of the thousandths below it. Within one thread two stamps are then never equal. Between
// processes two states could meet only if within one millisecond of the clock an object were written, replaced and
// written again, each with its syncs, came back to its inode and hit the same one of a thousand counts. That is
// enough; a nonce in the file would be stronger, but then a block would no longer be named by the SHA-256 of its file.
import type { BigIntStats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { AetherError } from '../../core/errors.ts'
import type { ObjectInfo } from '../storage.ts'

/** Gives a file its time of change, which its version is made of. */
export type Stamper = (file: FileHandle) => Promise<BigIntStats>

/** `now`: milliseconds since 1970. */
export function createStamper(now: () => number): Stamper {
  let count = Math.floor(Math.random() * 1000)
  return async (file) => {
    count = (count + 1) % 1000
    const microseconds = Math.floor(now()) * 1000 + count
    const seconds = (microseconds + 0.5) / 1e6 // the half keeps the microsecond through the cut of a binary fraction
    await file.utimes(seconds, seconds)
    const stat = await file.stat({ bigint: true })
    if (stat.mtimeNs / 1000n !== BigInt(microseconds)) throw tooCoarse()
    return stat
  }
}

export function infoOf(key: string, stat: BigIntStats): ObjectInfo {
  return { key, size: Number(stat.size), modified: Number(stat.mtimeNs / 1_000_000n), version: versionOf(stat) }
}

function versionOf({ ino, mtimeNs, size }: BigIntStats): string {
  return [ino, mtimeNs, size].map((number) => number.toString(36)).join('-')
}

function tooCoarse(): AetherError {
  return new AetherError(
    'internal',
    'Cannot tell versions of objects apart: the file system does not keep times to the microsecond',
    {
      hint: 'Put the store on another file system, for example ext4 with inodes of 256 bytes, XFS, Btrfs, ZFS or APFS',
    },
  )
}
