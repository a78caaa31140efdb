// SHA-256 of a file on disk, with memory bounded and without following a link in the last place.
import { createHash, subtle } from 'node:crypto'
import { constants, readFileSync } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import type { FileHash } from '../../core/id.ts'
import { sha256Hex } from '../../core/id.ts'

/** Files up to this size, in bytes, are read and hashed at once: a trip to the thread pool takes longer. */
const TINY = 64 * 1024
/** Files up to this size, in bytes, are read whole and hashed on the thread pool. */
const WHOLE = 4 * 1024 * 1024
const PIECE = 1024 * 1024
/** Not blocking, so that a pipe in the place of a file does not hold up everything. */
const READ_ONLY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** @param size about the size of the file; only the way of reading depends on it. */
export async function hashFile(path: string, size: number, signal?: AbortSignal): Promise<FileHash> {
  if (size <= TINY) return sha256Hex(readFileSync(path, { flag: READ_ONLY as unknown as string })) as FileHash
  return (size <= WHOLE ? await hashWhole(path, signal) : await hashPieces(path, signal)) as FileHash
}

async function hashWhole(path: string, signal?: AbortSignal): Promise<string> {
  const bytes = await readFile(path, { flag: READ_ONLY, signal })
  return Buffer.from(await subtle.digest('SHA-256', bytes)).toString('hex')
}

async function hashPieces(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  const handle = await open(path, READ_ONLY)
  for await (const piece of handle.createReadStream({ highWaterMark: PIECE, signal })) hash.update(piece)
  return hash.digest('hex')
}
