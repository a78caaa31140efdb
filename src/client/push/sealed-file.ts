// Files that end with the SHA-256 of all before, written and read piece by piece, so that they are never in memory as a whole.
import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'

const SEAL_BYTES = 32

/** The pieces, and the checksum behind them. */
export function* sealed(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
  const checksum = createHash('sha256')
  for (const piece of pieces) {
    checksum.update(piece)
    yield piece
  }
  yield checksum.digest()
}

export interface SealedFile extends AsyncDisposable {
  /** Bytes that are yet to be read. */
  left(): number
  /** The next bytes, until `target` is full. @throws {RangeError} when there are not so many. */
  fill(target: Uint8Array): Promise<void>
  /** So many next bytes. @throws {RangeError} */
  take(length: number): Promise<Uint8Array<ArrayBuffer>>
  /** To be asked for at the end, before anything that was read is believed. */
  isWhole(): Promise<boolean>
}

export async function openSealed(path: string): Promise<SealedFile> {
  const file = await open(path)
  try {
    return createReader(file, (await file.stat()).size)
  } catch (error) {
    await file.close()
    throw error
  }
}

function createReader(file: FileHandle, size: number): SealedFile {
  const checksum = createHash('sha256')
  let at = 0

  const left = () => size - SEAL_BYTES - at

  async function fill(target: Uint8Array): Promise<void> {
    if (target.length > left()) throw new RangeError('The file is cut short')
    await read(target)
    checksum.update(target)
  }

  async function read(target: Uint8Array): Promise<void> {
    for (let filled = 0; filled < target.length; ) {
      const { bytesRead } = await file.read(target, filled, target.length - filled, at)
      if (bytesRead === 0) throw new RangeError('The file is cut short')
      filled += bytesRead
      at += bytesRead
    }
  }

  async function take(length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (!Number.isInteger(length) || length > left()) throw new RangeError('The file is cut short')
    const bytes = new Uint8Array(length)
    await fill(bytes)
    return bytes
  }

  async function isWhole(): Promise<boolean> {
    const seal = Buffer.alloc(SEAL_BYTES)
    const whole = left() === 0
    await read(seal)
    return whole && checksum.digest().equals(seal)
  }

  return { left, fill, take, isWhole, [Symbol.asyncDispose]: () => file.close() }
}
