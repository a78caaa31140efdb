// /dev/fuse as a device of a session. Reading waits on a thread of libuv; answering only copies.
import { read as readFile, writev as writeParts, writevSync } from 'node:fs'
import { promisify } from 'node:util'
import type { Device } from './session.ts'

/** What one call of writev(2) takes. */
const MAX_PARTS = 1024

const write = promisify(writeParts)

export function createDevice(fd: number): Device {
  return {
    read: (buffer) =>
      new Promise((resolve, reject) => {
        readFile(fd, buffer, 0, buffer.length, null, (error, length) => (error ? reject(error) : resolve(length)))
      }),
    reply: (parts) => void writevSync(fd, parts.length > MAX_PARTS ? [Buffer.concat(parts)] : parts),
    // Not at once: the kernel may hold a lock for a request that this very thread has to answer.
    notify: async (parts) => void (await write(fd, parts)),
  }
}
