// Reading objects of a folder store. Bytes and version come from one open file, so they belong together whatever is
// renamed over its name meanwhile.
import { type BigIntStats, constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { AetherError, systemCode } from '../../core/errors.ts'
import { readSpan, stopIfAborted } from '../check-options.ts'
import type { ByteRange } from '../storage.ts'
import { isMissing } from './explain.ts'
import type { FolderFs } from './folder-fs.ts'

export interface OpenObject {
  file: FileHandle
  stat: BigIntStats
}

// Links are not followed, as they may lead out of the store, and a named pipe must not make the caller wait.
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** Undefined when there is no file of this name, or something that is no plain file. The caller closes it. */
export async function openObject(fs: FolderFs, path: string): Promise<OpenObject | undefined> {
  const file = await fs.open(path, FLAGS).catch(undefinedUnlessFile)
  if (file === undefined) return undefined
  try {
    const stat = await file.stat({ bigint: true })
    if (stat.isFile()) return { file, stat }
  } catch (error) {
    await file.close()
    throw error
  }
  await file.close()
  return undefined
}

/** As `openObject`, when only its state is asked for. */
export async function statOpened(fs: FolderFs, path: string): Promise<BigIntStats | undefined> {
  const opened = await openObject(fs, path)
  await opened?.file.close()
  return opened?.stat
}

/** The same by name alone, which is quicker; over a network it may be a few seconds behind. */
export async function statNamed(fs: FolderFs, path: string): Promise<BigIntStats | undefined> {
  const stat = await fs.lstat(path, { bigint: true }).catch(undefinedUnlessFile)
  return stat?.isFile() ? stat : undefined
}

export interface ReadOptions {
  key: string
  range: ByteRange | undefined
  signal: AbortSignal | undefined
}

/** @throws {AetherError} `too-large`; `integrity` when the file is shorter than it said. */
export async function readOpened({ file, stat }: OpenObject, { key, range, signal }: ReadOptions): Promise<Uint8Array> {
  const { offset, length } = readSpan(key, Number(stat.size), range)
  const bytes = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer) // every byte is written below
  for (let done = 0; done < length; ) {
    stopIfAborted(signal)
    const { bytesRead } = await file.read(bytes, done, length - done, offset + done)
    if (bytesRead === 0) throw new AetherError('integrity', `The object "${key}" was cut short while it was read`)
    done += bytesRead
  }
  return bytes
}

function undefinedUnlessFile(error: unknown): undefined {
  const isOther = ['ELOOP', 'EMLINK', 'ENXIO'].includes(systemCode(error) ?? '') // a symbolic link (also on BSD), a socket
  if (!isOther && !isMissing(error)) throw error
}
