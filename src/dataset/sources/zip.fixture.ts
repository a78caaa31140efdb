// Zip archives byte by byte, for what no program writes. PKWARE's APPNOTE.TXT, section 4.3.
import { crc32, deflateRawSync } from 'node:zlib'

export interface ZipPart {
  name?: string | Buffer
  body?: string | Buffer
  method?: number
  flags?: number
  /** 3 is Unix, 0 is DOS. */
  host?: number
  /** Unix mode with its type. */
  mode?: number
  /** DOS attributes. */
  attributes?: number
  extra?: Buffer
  /** In the directory, when other than true. */
  size?: number
  packedSize?: number
  crc?: number
  /** Where the directory says that the local header is. */
  header?: number
  /** Sizes in 64 bits. */
  zip64?: boolean
}

export function zipOf(...parts: ZipPart[]): Buffer {
  const locals: Buffer[] = []
  const directory: Buffer[] = []
  let position = 0
  for (const part of parts) {
    const { local, central } = encode(part, position)
    locals.push(local)
    directory.push(central)
    position += local.length
  }
  return Buffer.concat([...locals, ...directory, zipEnd(parts.length, Buffer.concat(directory).length, position)])
}

export function zipEnd(count: number, length: number, start: number): Buffer {
  return fields([4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, length], [4, start], [2, 0])
}

function encode(part: ZipPart, position: number): { local: Buffer; central: Buffer } {
  const name = Buffer.from(part.name ?? 'x')
  const body = Buffer.from(part.body ?? '')
  const method = part.method ?? 0
  const packed = method === 8 ? deflateRawSync(body) : body
  const common: Field[] = [
    [2, part.flags ?? 0x800],
    [2, method],
    [2, 0x6000],
    [2, 0x5221],
    [4, part.crc ?? crc32(body)],
  ]
  const sizes = [part.packedSize ?? packed.length, part.size ?? body.length] as const
  const written: Field[] = part.zip64
    ? [
        [4, 0xffffffff],
        [4, 0xffffffff],
      ]
    : [
        [4, sizes[0]],
        [4, sizes[1]],
      ]
  const extra = Buffer.concat([part.zip64 ? zip64Extra(sizes) : Buffer.alloc(0), part.extra ?? Buffer.alloc(0)])
  const local = [fields([4, 0x04034b50], [2, 20], ...common, ...written, [2, name.length], [2, 0]), name, packed]
  const attributes = ((part.mode ?? 0) * 65536 + (part.attributes ?? 0)) >>> 0
  const made = ((part.host ?? 3) << 8) | 30
  const tail: Field[] = [
    [2, name.length],
    [2, extra.length],
    [2, 0],
    [2, 0],
    [2, 0],
    [4, attributes],
    [4, part.header ?? position],
  ]
  const central = [fields([4, 0x02014b50], [2, made], [2, 20], ...common, ...written, ...tail), name, extra]
  return { local: Buffer.concat(local), central: Buffer.concat(central) }
}

function zip64Extra([packed, size]: readonly [number, number]): Buffer {
  const extra = Buffer.alloc(20)
  extra.writeUInt16LE(1, 0)
  extra.writeUInt16LE(16, 2)
  extra.writeBigUInt64LE(BigInt(size), 4)
  extra.writeBigUInt64LE(BigInt(packed), 12)
  return extra
}

/** An extra field. */
export function extraField(id: number, data: Buffer): Buffer {
  return Buffer.concat([fields([2, id], [2, data.length]), data])
}

type Field = [bytes: 2 | 4, value: number]

function fields(...list: Field[]): Buffer {
  const parts = list.map(([bytes, value]) => {
    const part = Buffer.alloc(bytes)
    part.writeUIntLE(value, 0, bytes)
    return part
  })
  return Buffer.concat(parts)
}
