// The bytes of one file in a zip archive, with size and CRC-32 checked.
import { pipeline, Readable } from 'node:stream'
import { crc32, createInflateRaw, inflateRawSync } from 'node:zlib'
import { AetherError, systemCode } from '../../core/errors.ts'
import { type ArchiveFile, brokenArchive } from './archive-file.ts'
import { quote } from './offences.ts'
import type { FileBytes } from './segment-reader.ts'
import { STORED, type ZipPlace } from './zip-places.ts'

const HEADER_BYTES = 30
/** Bytes that the name and the extra field behind a header seldom exceed. */
const USUAL_NAME = 256
const HEADER_SIGNATURE = 0x04034b50
const BUFFER_BYTES = 1024 * 1024
/** Files up to these many bytes, packed and unpacked, are taken in one go. */
export const SMALL_BYTES = 1024 * 1024

export interface ZipFileInArchive {
  archive: ArchiveFile
  path: string
  place: ZipPlace
}

/** The whole of a file that is small both packed and unpacked. */
export function readSmall(file: ZipFileInArchive): Buffer {
  const { archive, place } = file
  if (place.packedSize > SMALL_BYTES || place.size > SMALL_BYTES) throw broken(file, 'is longer than it can be')
  // Header and bytes in one call.
  const read = Buffer.allocUnsafe(HEADER_BYTES + USUAL_NAME + place.packedSize)
  const count = archive.readAt(read, read.length, place.header)
  const start = headerLength(file, read.subarray(0, count))
  const packed =
    start + place.packedSize <= count ? read.subarray(start, start + place.packedSize) : readPacked(file, start)
  const bytes = place.method === STORED ? packed : inflate(file, packed)
  if (bytes.length !== place.size) throw wrongSize(file)
  if (crc32(bytes) !== place.crc) throw wrongSum(file)
  return bytes
}

function readPacked(file: ZipFileInArchive, start: number): Buffer {
  const { archive, path, place } = file
  const packed = Buffer.allocUnsafe(place.packedSize)
  if (archive.readAt(packed, packed.length, place.header + start) === packed.length) return packed
  throw brokenArchive(archive.path, `it ends in the middle of ${quote(path)}`)
}

function inflate(file: ZipFileInArchive, packed: Buffer): Buffer {
  try {
    return inflateRawSync(packed, {
      maxOutputLength: Math.max(1, file.place.size),
      chunkSize: Math.max(64, file.place.size),
    })
  } catch (cause) {
    throw inflateError(file, cause)
  }
}

/** The bytes from `offset` on. @param buffer what it reads into, of at least 1 MiB. */
export function openZipContent(file: ZipFileInArchive, offset: number, buffer: Buffer): FileBytes {
  const { place } = file
  if (place.size <= SMALL_BYTES && place.packedSize <= SMALL_BYTES) return smallBytes(file, offset)
  return place.method === STORED ? storedBytes(file, offset, buffer) : inflatedBytes(file, offset)
}

function smallBytes(file: ZipFileInArchive, offset: number): FileBytes {
  return { next: () => readSmall(file).subarray(offset), verify: () => {}, close: () => {} }
}

function storedBytes(file: ZipFileInArchive, offset: number, buffer: Buffer): FileBytes {
  const { archive, path, place } = file
  let position = firstByte(file) + offset
  let sum = 0

  function next(left: number): Uint8Array {
    const count = archive.readAt(buffer, Math.min(left, BUFFER_BYTES), position)
    if (count === 0) throw brokenArchive(archive.path, `it ends in the middle of ${quote(path)}`)
    position += count
    const bytes = buffer.subarray(0, count)
    sum = crc32(bytes, sum)
    // Of a part of a file there is no sum to compare.
    if (count === left && offset === 0 && sum !== place.crc) throw wrongSum(file)
    return bytes
  }

  return { next, verify: () => {}, close: () => {} }
}

function inflatedBytes(file: ZipFileInArchive, offset: number): FileBytes {
  const { place } = file
  let closed = false
  const packed = Readable.from(
    packedParts(file, () => closed),
    { objectMode: false },
  )
  const chunks: AsyncIterator<Buffer> = pipeline(packed, createInflateRaw({ chunkSize: 256 * 1024 }), () => {})[
    Symbol.asyncIterator
  ]()
  let sum = 0
  let total = 0

  /** The next bytes from the beginning on, checked as far as they go. */
  async function inflateMore(): Promise<Buffer | undefined> {
    const { value, done } = await chunks.next().catch((cause: unknown) => Promise.reject(inflateError(file, cause)))
    if (done) return undefined
    sum = crc32(value, sum)
    total += value.length
    if (total > place.size) throw wrongSize(file)
    return value
  }

  async function next(): Promise<Uint8Array> {
    const wanted = total < offset ? await passTo(offset) : await inflateMore()
    if (wanted === undefined) throw wrongSize(file)
    if (total === place.size) await checkEnd()
    return wanted
  }

  /** What comes at `start`. */
  async function passTo(start: number): Promise<Buffer | undefined> {
    for (;;) {
      const bytes = await inflateMore()
      if (bytes === undefined || total > start) return bytes?.subarray(bytes.length - (total - start))
    }
  }

  async function checkEnd(): Promise<void> {
    if ((await inflateMore()) !== undefined) throw wrongSize(file)
    if (sum !== place.crc) throw wrongSum(file)
  }

  function close(): void {
    closed = true
    void chunks.return?.()
  }

  return { next, verify: () => {}, close }
}

/** @param stop says that nobody wants more, and that the archive may be closed by now. */
function* packedParts(file: ZipFileInArchive, stop: () => boolean): Generator<Buffer> {
  const { archive, place } = file
  let position = firstByte(file)
  for (let left = place.packedSize; left > 0 && !stop(); ) {
    const part = Buffer.allocUnsafe(Math.min(left, BUFFER_BYTES))
    const count = archive.readAt(part, part.length, position)
    if (count === 0) return
    position += count
    left -= count
    yield part.subarray(0, count)
  }
}

function firstByte(file: ZipFileInArchive): number {
  const header = Buffer.alloc(HEADER_BYTES)
  const count = file.archive.readAt(header, HEADER_BYTES, file.place.header)
  return file.place.header + headerLength(file, header.subarray(0, count))
}

/** Of a local header with its name and extra field, which may be longer than those in the directory. */
function headerLength({ archive, path }: ZipFileInArchive, header: Buffer): number {
  if (header.length < HEADER_BYTES || header.readUInt32LE(0) !== HEADER_SIGNATURE) {
    throw brokenArchive(archive.path, `the header of ${quote(path)} is not where the directory says`)
  }
  return HEADER_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28)
}

function inflateError(file: ZipFileInArchive, cause: unknown): AetherError {
  if (cause instanceof AetherError) return cause
  if (systemCode(cause) === 'ERR_BUFFER_TOO_LARGE') return wrongSize(file)
  const reason = systemCode(cause) === 'Z_BUF_ERROR' ? 'is cut short' : `is damaged (${(cause as Error).message})`
  return broken(file, reason, cause)
}

function wrongSize(file: ZipFileInArchive): AetherError {
  return broken(file, `does not unpack to the ${file.place.size} bytes that the archive says it has`)
}

function wrongSum(file: ZipFileInArchive): AetherError {
  return broken(file, 'is damaged (its CRC-32 is another)')
}

function broken({ archive, path }: ZipFileInArchive, reason: string, cause?: unknown): AetherError {
  return brokenArchive(archive.path, `${quote(path)} ${reason}`, cause)
}
