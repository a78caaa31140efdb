// Tar archives byte by byte, for what no program writes.
import { TAR_BLOCK } from './tar-header.ts'

export interface TarPart {
  name?: string | Buffer
  type?: string
  body?: string | Buffer
  /** Of the header, when it is to be another than that of the body. */
  size?: number
  mode?: number
  mtime?: number
  link?: string | Buffer
  magic?: string
}

/** One header with its body. */
export function tarPart(part: TarPart): Buffer {
  const body = Buffer.from(part.body ?? '')
  const block = Buffer.alloc(TAR_BLOCK)
  put(block, part.name ?? 'x', 0)
  put(block, octal(part.mode ?? 0o644, 7), 100)
  put(block, octal(part.size ?? body.length, 11), 124)
  put(block, octal(part.mtime ?? 1_600_000_000, 11), 136)
  put(block, part.type ?? '0', 156)
  put(block, part.link ?? '', 157)
  put(block, part.magic ?? 'ustar\x0000', 257)
  return Buffer.concat([sealed(block), padded(body)])
}

export const TAR_END = Buffer.alloc(2 * TAR_BLOCK)

/** A whole archive. */
export function tarOf(...parts: (TarPart | Buffer)[]): Buffer {
  return Buffer.concat([...parts.map((part) => (Buffer.isBuffer(part) ? part : tarPart(part))), TAR_END])
}

/** An extended header. */
export function paxPart(records: Record<string, string | Buffer>, type = 'x'): Buffer {
  const lines = Object.entries(records).map(([key, value]) => paxRecord(key, Buffer.from(value)))
  return tarPart({ name: 'pax', type, body: Buffer.concat(lines) })
}

export function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')])
  let length = rest.length + 1
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length
  return Buffer.concat([Buffer.from(String(length)), rest])
}

/** With its checksum in place. */
export function sealed(block: Buffer): Buffer {
  block.fill(' ', 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  put(block, `${octal(sum, 6)}\0 `, 148)
  return block
}

function put(block: Buffer, value: string | Buffer, position: number): void {
  Buffer.from(value).copy(block, position)
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0')
}

function padded(body: Buffer): Buffer {
  return Buffer.concat([body, Buffer.alloc((TAR_BLOCK - (body.length % TAR_BLOCK)) % TAR_BLOCK)])
}
