// What the kernel asks: bytes into values. The kernel is trusted no more than any other peer: every length is checked.
import { AetherError } from '../../core/errors.ts'
import { INIT_FLAG } from './constants.ts'

export interface Request {
  opcode: number
  /** Goes back with the answer. */
  unique: number
  node: number
  /** What stands behind the header. */
  body: Buffer
}

export const HEADER_BYTES = 40

/** @throws {AetherError} `invalid` when the bytes are no request. */
export function decodeRequest(bytes: Buffer): Request {
  if (bytes.length < HEADER_BYTES) throw malformed(`a request of ${bytes.length} bytes has no header`)
  const length = bytes.readUInt32LE(0)
  if (length !== bytes.length) throw malformed(`a request says that it has ${length} bytes, and has ${bytes.length}`)
  const extensions = bytes.readUInt16LE(36) * 8
  if (HEADER_BYTES + extensions > length) throw malformed('the extensions of a request are longer than it is')
  return {
    opcode: bytes.readUInt32LE(4),
    unique: readWide(bytes, 8),
    node: readWide(bytes, 16),
    body: bytes.subarray(HEADER_BYTES, length - extensions),
  }
}

export interface InitIn {
  major: number
  minor: number
  maxReadahead: number
  flags: number
  /** Flags from the thirty-third on; none of an older kernel. */
  more: number
}

export function decodeInit(body: Buffer): InitIn {
  need(body, 16)
  const [major, minor, maxReadahead, flags] = [0, 4, 8, 12].map((at) => body.readUInt32LE(at)) as [
    number,
    number,
    number,
    number,
  ]
  const hasMore = (flags & INIT_FLAG.more) !== 0 && body.length >= 20
  return { major, minor, maxReadahead, flags, more: hasMore ? body.readUInt32LE(16) : 0 }
}

/** One name, which ends with a NUL. Undefined when it is no text, so that nothing of ours has it. */
export function decodeName(body: Buffer): string | undefined {
  const end = body.indexOf(0)
  if (end < 1) throw malformed('a name is empty or has no end')
  const name = body.subarray(0, end)
  const text = name.toString('utf8')
  return Buffer.from(text).equals(name) ? text : undefined
}

export interface Lookups {
  node: number
  count: number
}

export function decodeForget(node: number, body: Buffer): Lookups {
  need(body, 8)
  return { node, count: readWide(body, 0) }
}

export function* decodeForgets(body: Buffer): Generator<Lookups> {
  need(body, 8)
  const count = body.readUInt32LE(0)
  need(body, 8 + count * 16)
  for (let at = 8; at < 8 + count * 16; at += 16) yield { node: readWide(body, at), count: readWide(body, at + 8) }
}

export interface ReadIn {
  handle: number
  offset: number
  size: number
}

/** Of a file or a folder. */
export function decodeRead(body: Buffer): ReadIn {
  need(body, 24)
  return { handle: readWide(body, 0), offset: readWide(body, 8), size: body.readUInt32LE(16) }
}

export function decodeHandle(body: Buffer): number {
  need(body, 8)
  return readWide(body, 0)
}

/** Which request nobody waits for any more. */
export function decodeInterrupt(body: Buffer): number {
  need(body, 8)
  return readWide(body, 0)
}

export interface AttributeIn {
  /** Undefined when it is no text. */
  name: string | undefined
  /** Bytes that there is room for; 0 asks how many it takes. */
  size: number
}

export function decodeGetAttribute(body: Buffer): AttributeIn {
  need(body, 9)
  return { size: body.readUInt32LE(0), name: decodeName(body.subarray(8)) }
}

export function decodeListAttributes(body: Buffer): number {
  need(body, 8)
  return body.readUInt32LE(0)
}

export function decodeAccess(body: Buffer): number {
  need(body, 4)
  return body.readUInt32LE(0)
}

/** 64 bits that have to be a number that we gave, or an offset into a file of ours. */
function readWide(bytes: Buffer, at: number): number {
  const value = bytes.readUInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at)
  if (!Number.isSafeInteger(value)) throw malformed(`a request names ${value}, which is out of all bounds`)
  return value
}

function need(body: Buffer, bytes: number): void {
  if (body.length < bytes) throw malformed(`a request has ${body.length} bytes where ${bytes} are needed`)
}

function malformed(reason: string): AetherError {
  return new AetherError('invalid', `Cannot read what the kernel asks: ${reason}`)
}
