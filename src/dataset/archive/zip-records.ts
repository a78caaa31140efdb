// The records of a zip archive: PKWARE's APPNOTE.TXT, sections 4.3 to 4.5.

export const STORED = 0
export const DEFLATED = 8
/** From here on a number of 32 bits means "look in the Zip64 record". */
export const ZIP64_FROM = 0xffffffff
const MAX_COUNT = 0xffff

const UTF8 = 0x0800
/** Sizes and sum come behind the bytes. */
const DESCRIPTOR = 0x0008

export interface ZipMember {
  /** Of folders with "/" at the end. */
  path: string
  /** File type and permissions as Unix has them. */
  mode: number
  /** Seconds since 1970. */
  mtime: number
  method: typeof STORED | typeof DEFLATED
  crc: number
  /** Bytes as packed. */
  packedSize: number
  size: number
  /** Sum and packed size are not known yet when the header is written. */
  streamed: boolean
  /** Sizes are written with 64 bits. */
  isLarge: boolean
}

/** In front of the bytes. */
export function localHeader(member: ZipMember): Buffer {
  const { streamed, isLarge } = member
  const sizes = streamed ? [0, 0] : [member.packedSize, member.size]
  const extra = Buffer.concat([isLarge ? zip64Extra(sizes.toReversed()) : Buffer.alloc(0), timeExtra(member.mtime)])
  const name = Buffer.from(member.path)
  const [packedSize, size] = isLarge ? [ZIP64_FROM, ZIP64_FROM] : sizes
  const record = fields([4, 0x04034b50], [2, isLarge ? 45 : 20], ...common(member, streamed ? 0 : member.crc))
  const rest = fields([4, packedSize!], [4, size!], [2, name.length], [2, extra.length])
  return Buffer.concat([record, rest, name, extra])
}

/** Behind bytes that were streamed. */
export function dataDescriptor({ crc, packedSize, size, isLarge }: ZipMember): Buffer {
  const width = isLarge ? 8 : 4
  return fields([4, 0x08074b50], [4, crc], [width, packedSize], [width, size])
}

/** In the directory at the end. @param offset first byte of the local header */
export function directoryHeader(member: ZipMember, offset: number, zip64From = ZIP64_FROM): Buffer {
  const { packedSize, size, mode } = member
  const numbers = [size, packedSize, offset]
  const far = member.isLarge || numbers.some((number) => number >= zip64From)
  const extra = Buffer.concat([far ? zip64Extra(numbers) : Buffer.alloc(0), timeExtra(member.mtime)])
  const name = Buffer.from(member.path)
  const short = (number: number): [4, number] => [4, far ? ZIP64_FROM : number]
  return Buffer.concat([
    fields([4, 0x02014b50], [2, 0x0300 | (far ? 45 : 20)], [2, far ? 45 : 20], ...common(member, member.crc)),
    fields(short(packedSize), short(size), [2, name.length], [2, extra.length], [2, 0], [2, 0], [2, 0]),
    fields([4, ((mode << 16) | (member.path.endsWith('/') ? 0x10 : 0)) >>> 0], short(offset)),
    name,
    extra,
  ])
}

/** Behind the directory. */
export function directoryEnd(count: number, size: number, offset: number, zip64From = ZIP64_FROM): Buffer {
  const far = count >= MAX_COUNT || size >= zip64From || offset >= zip64From
  const short = far ? [MAX_COUNT, ZIP64_FROM, ZIP64_FROM] : [count, size, offset]
  const end = fields(
    [4, 0x06054b50],
    [2, 0],
    [2, 0],
    [2, short[0]!],
    [2, short[0]!],
    [4, short[1]!],
    [4, short[2]!],
    [2, 0],
  )
  if (!far) return end
  const record = fields(
    [4, 0x06064b50],
    [8, 44],
    [2, 0x032d],
    [2, 45],
    [4, 0],
    [4, 0],
    [8, count],
    [8, count],
    [8, size],
    [8, offset],
  )
  const locator = fields([4, 0x07064b50], [4, 0], [8, offset + size], [4, 1])
  return Buffer.concat([record, locator, end])
}

/** What local and directory headers share: flags, method, time, sum. */
function common({ method, mtime, streamed }: ZipMember, crc: number): [2 | 4, number][] {
  const { time, date } = dosTime(mtime)
  return [
    [2, UTF8 | (streamed ? DESCRIPTOR : 0)],
    [2, method],
    [2, time],
    [2, date],
    [4, crc],
  ]
}

function zip64Extra(numbers: readonly number[]): Buffer {
  return fields([2, 0x0001], [2, numbers.length * 8], ...numbers.map((number): [8, number] => [8, number]))
}

/** The time in whole seconds of UTC, as Info-ZIP adds it; it has 31 bits. */
function timeExtra(mtime: number): Buffer {
  return mtime < 2 ** 31 ? fields([2, 0x5455], [2, 5], [1, 1], [4, mtime]) : Buffer.alloc(0)
}

/** From 1980 on, in steps of two seconds. There is no zone in it; here it is UTC. */
export function dosTime(mtime: number): { time: number; date: number } {
  const at = new Date(Math.max(mtime * 1000, Date.UTC(1980, 0, 1)))
  const time = (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1)
  const date = ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate()
  return { time, date: Math.min(date, 0xffff) }
}

/** Numbers one after the other, little endian, each in its width. */
function fields(...numbers: readonly (readonly [width: 1 | 2 | 4 | 8, value: number])[]): Buffer {
  const bytes = Buffer.alloc(numbers.reduce((sum, [width]) => sum + width, 0))
  let at = 0
  for (const [width, value] of numbers) {
    if (width === 8) bytes.writeBigUInt64LE(BigInt(value), at)
    else bytes.writeUIntLE(value, at, width)
    at += width
  }
  return bytes
}
