// One header block of a tar archive: POSIX ustar, GNU tar and the seventh edition's. Written down in POSIX pax(1) and in the
// manual of GNU tar, "Basic Tar Format".

/** Headers and bodies are padded to blocks of this many bytes. */
export const TAR_BLOCK = 512

export interface TarHeader {
  /** The type flag as a character; the oldest archives write NUL for "0". */
  type: string
  /** Bytes up to the first NUL, the prefix in front. */
  name: Buffer
  linkName: Buffer
  mode: number
  /** Bytes in the body, as the header says. */
  size: number
  /** Seconds since 1970. */
  mtime: number
  /** The block itself; readers of extensions need it. */
  block: Buffer
}

export function isTarHeader(block: Buffer): boolean {
  if (block.length < TAR_BLOCK) return false
  const written = parseNumber(block, 148, 8)
  // Some old programs summed signed bytes.
  return written === checksum(block) || written === signedChecksum(block)
}

/** The block's header; undefined when its checksum or one of its numbers is wrong. */
export function parseTarHeader(block: Buffer): TarHeader | undefined {
  if (!isTarHeader(block)) return undefined
  const mode = parseNumber(block, 100, 8)
  const size = parseNumber(block, 124, 12)
  const mtime = parseNumber(block, 136, 12)
  if (mode === undefined || size === undefined || size < 0 || mtime === undefined) return undefined
  const type = block[156] === 0 ? '0' : block.toString('latin1', 156, 157)
  const linkName = textField(block, 157, 100)
  return { type, name: nameField(block), linkName, mode, size, mtime, block }
}

function nameField(block: Buffer): Buffer {
  const name = textField(block, 0, 100)
  // GNU headers, which end their magic with a space, keep other things where POSIX has the prefix.
  const prefix = block.toString('latin1', 257, 263) === 'ustar\0' ? textField(block, 345, 155) : Buffer.alloc(0)
  return prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from('/'), name])
}

/** Bytes up to the first NUL. */
export function textField(block: Buffer, start: number, length: number): Buffer {
  const field = block.subarray(start, start + length)
  const end = field.indexOf(0)
  return Buffer.from(end < 0 ? field : field.subarray(0, end))
}

/** A number in octal digits, or GNU's way for those that do not fit: big endian, with the highest bit of the field set. */
function parseNumber(block: Buffer, start: number, length: number): number | undefined {
  const binary = block[start]! >= 0x80
  const number = binary ? parseBinary(block, start, length) : parseOctal(block, start, start + length)
  return Number.isSafeInteger(number) ? number : undefined
}

/** Digits between spaces or NULs, of which those behind may be missing. None at all are a zero. */
function parseOctal(block: Buffer, start: number, end: number): number {
  let position = start
  while (position < end && isBlank(block[position]!)) position++
  let number = 0
  for (; position < end && !isBlank(block[position]!); position++) {
    const digit = block[position]! - 0x30
    if (digit < 0 || digit > 7) return Number.NaN
    number = number * 8 + digit
  }
  return number
}

function isBlank(byte: number): boolean {
  return byte === 0 || byte === 0x20
}

function parseBinary(block: Buffer, start: number, length: number): number {
  const field = Buffer.from(block.subarray(start, start + length))
  const negative = (field[0]! & 0x40) !== 0
  if (!negative) field[0]! &= 0x7f
  const magnitude = BigInt(`0x${field.toString('hex')}`)
  return Number(negative ? magnitude - (1n << BigInt(length * 8)) : magnitude)
}

/** The sum of all bytes, those of the checksum itself taken as spaces. */
function checksum(block: Buffer): number {
  let sum = 8 * 32
  for (let i = 0; i < TAR_BLOCK; i++) if (i < 148 || i >= 156) sum += block[i]!
  return sum
}

function signedChecksum(block: Buffer): number {
  let sum = 8 * 32
  for (let i = 0; i < TAR_BLOCK; i++) if (i < 148 || i >= 156) sum += (block[i]! << 24) >> 24
  return sum
}
