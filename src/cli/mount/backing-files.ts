// Hands open files of this machine on to the kernel, for it to read them in the place of files of the mount. Only root may.
import type { BackingFiles } from '../../protocols/fuse/open-files.ts'
import { openCLibrary } from './c-library.ts'

/** FUSE_DEV_IOC_BACKING_OPEN and FUSE_DEV_IOC_BACKING_CLOSE of <linux/fuse.h>. */
const BACKING_OPEN = 0x4010e501
const BACKING_CLOSE = 0x4004e502

/** @param device descriptor of the mount. @returns undefined where this cannot be done at all */
export async function openBackingFiles(device: number): Promise<BackingFiles | undefined> {
  const c = await openCLibrary().catch(() => undefined) // an older Node: what is read goes through this process then
  if (c === undefined) return undefined
  return {
    register(fd) {
      const map = Buffer.alloc(16)
      map.writeInt32LE(fd)
      const backing = c.ioctl(device, BACKING_OPEN, map)
      return backing > 0 ? backing : undefined
    },
    release(backing) {
      const id = Buffer.alloc(4)
      id.writeUInt32LE(backing)
      c.ioctl(device, BACKING_CLOSE, id)
    },
  }
}
