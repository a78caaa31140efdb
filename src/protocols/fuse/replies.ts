// What the kernel is told: values into bytes.
import type { NodeAttributes } from './attributes.ts'
import { MAX_PAGES, NOTIFY, PROTOCOL } from './constants.ts'

const ATTRIBUTE_BYTES = 88
/** An entry, as LOOKUP and READDIRPLUS give it. */
export const ENTRY_BYTES = 40 + ATTRIBUTE_BYTES
const DIRENT_BYTES = 24

/** @param error an error number; 0 when there is none */
export function encodeHeader(unique: number, error: number, bodyBytes: number): Buffer {
  const bytes = Buffer.allocUnsafe(16)
  bytes.writeUInt32LE(16 + bodyBytes, 0)
  bytes.writeInt32LE(-error, 4)
  writeWide(bytes, unique, 8)
  return bytes
}

export interface InitOut {
  maxReadahead: number
  flags: number
  /** Flags from the thirty-third on. */
  more: number
  maxBackground: number
}

/** Files that the kernel reads by itself may lie on an ordinary file system, but on none that is stacked on others. */
const STACK_DEPTH = 1

export function encodeInit({ maxReadahead, flags, more, maxBackground }: InitOut): Buffer {
  const bytes = Buffer.alloc(64)
  bytes.writeUInt32LE(PROTOCOL.major, 0)
  bytes.writeUInt32LE(PROTOCOL.minor, 4)
  bytes.writeUInt32LE(maxReadahead, 8)
  bytes.writeUInt32LE(flags, 12)
  bytes.writeUInt16LE(maxBackground, 16)
  bytes.writeUInt16LE(Math.floor((maxBackground * 3) / 4), 18) // from there on the kernel holds readahead back
  bytes.writeUInt32LE(4096, 20) // longest write: the least that there is, as nothing is written
  bytes.writeUInt32LE(1000, 24) // times are exact to the microsecond
  bytes.writeUInt16LE(MAX_PAGES, 28)
  bytes.writeUInt32LE(more, 32)
  bytes.writeUInt32LE(more === 0 ? 0 : STACK_DEPTH, 36)
  return bytes
}

/** A kernel that speaks a newer major version asks again in ours. */
export function encodeOtherMajor(): Buffer {
  const bytes = Buffer.alloc(64)
  bytes.writeUInt32LE(PROTOCOL.major, 0)
  return bytes
}

export interface EntryOut {
  /** 0 says that there is nothing of that name. */
  node: number
  attributes: NodeAttributes | undefined
  /** Seconds for which the name may be kept. */
  nameSeconds: number
  attributeSeconds: number
}

export function encodeEntry(entry: EntryOut): Buffer {
  const bytes = Buffer.alloc(ENTRY_BYTES)
  writeEntry(bytes, 0, entry)
  return bytes
}

export function encodeAttributes(attributes: NodeAttributes, seconds: number): Buffer {
  const bytes = Buffer.alloc(16 + ATTRIBUTE_BYTES)
  writeWide(bytes, seconds, 0)
  writeAttributes(bytes, 16, attributes)
  return bytes
}

/** @param backing the file that the kernel reads in the place of this one, as it has numbered it */
export function encodeOpen(handle: number, flags: number, backing = 0): Buffer {
  const bytes = Buffer.alloc(16)
  writeWide(bytes, handle, 0)
  bytes.writeUInt32LE(flags, 8)
  bytes.writeInt32LE(backing, 12)
  return bytes
}

/** How many bytes an extended attribute takes. */
export function encodeSize(size: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt32LE(size, 0)
  return bytes
}

export interface Space {
  /** Bytes of all files. */
  bytes: number
  files: number
}

/** Nothing is free: what is here is all there will be. */
export function encodeSpace({ bytes: total, files }: Space): Buffer {
  const unit = 4096
  const bytes = Buffer.alloc(80)
  writeWide(bytes, Math.ceil(total / unit), 0)
  writeWide(bytes, files, 24)
  bytes.writeUInt32LE(unit, 40)
  bytes.writeUInt32LE(255, 44) // longest name
  bytes.writeUInt32LE(unit, 48)
  return bytes
}

export interface Dirent {
  name: Buffer
  ino: bigint
  /** DT_DIR, DT_REG or DT_LNK. */
  type: number
  /** Where the entry behind this one begins. */
  next: number
  /** For READDIRPLUS. */
  entry: EntryOut | undefined
}

/** Bytes of an entry in a folder; they are padded to eight. */
export function direntBytes(nameBytes: number, plus: boolean): number {
  return Math.ceil(((plus ? ENTRY_BYTES : 0) + DIRENT_BYTES + nameBytes) / 8) * 8
}

/** @param bytes zeros so far, with room for it @returns where the next one goes */
export function writeDirent(bytes: Buffer, at: number, { name, ino, type, next, entry }: Dirent): number {
  if (entry !== undefined) writeEntry(bytes, at, entry)
  const start = at + (entry === undefined ? 0 : ENTRY_BYTES)
  bytes.writeBigUInt64LE(ino, start)
  writeWide(bytes, next, start + 8)
  bytes.writeUInt32LE(name.length, start + 16)
  bytes.writeUInt32LE(type, start + 20)
  name.copy(bytes, start + DIRENT_BYTES)
  return at + direntBytes(name.length, entry !== undefined)
}

/** "Forget what you know of this name." */
export function encodeInvalidEntry(parent: number, name: string): Buffer[] {
  const text = Buffer.from(`${name}\0`)
  const bytes = Buffer.alloc(16)
  writeWide(bytes, parent, 0)
  bytes.writeUInt32LE(text.length - 1, 8)
  return notification(NOTIFY.invalidEntry, [bytes, text])
}

/** "Forget attributes and pages of this node." */
export function encodeInvalidInode(node: number): Buffer[] {
  const bytes = Buffer.alloc(24)
  writeWide(bytes, node, 0)
  return notification(NOTIFY.invalidInode, [bytes])
}

/** A message that nobody asked for has no number, and its code where errors stand. */
function notification(code: number, parts: Buffer[]): Buffer[] {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  return [encodeHeader(0, -code, length), ...parts]
}

function writeEntry(bytes: Buffer, at: number, { node, attributes, nameSeconds, attributeSeconds }: EntryOut): void {
  writeWide(bytes, node, at)
  writeWide(bytes, nameSeconds, at + 16)
  writeWide(bytes, attributeSeconds, at + 24)
  if (attributes !== undefined) writeAttributes(bytes, at + 40, attributes)
}

function writeAttributes(bytes: Buffer, at: number, attributes: NodeAttributes): void {
  const { ino, size, seconds, nanoseconds, mode, uid, gid } = attributes
  bytes.writeBigUInt64LE(ino, at)
  writeWide(bytes, size, at + 8)
  writeWide(bytes, Math.ceil(size / 512), at + 16)
  for (const time of [24, 32, 40]) bytes.writeBigInt64LE(BigInt(seconds), at + time)
  for (const time of [48, 52, 56]) bytes.writeUInt32LE(nanoseconds, at + time)
  bytes.writeUInt32LE(mode, at + 60)
  bytes.writeUInt32LE(1, at + 64) // links; of a folder 1 says that it is not known how many folders are in it
  bytes.writeUInt32LE(uid, at + 68)
  bytes.writeUInt32LE(gid, at + 72)
  bytes.writeUInt32LE(BLOCK_BYTES, at + 80)
}

/** What programs should read at a time. */
const BLOCK_BYTES = 128 * 1024

function writeWide(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32LE(value >>> 0, at)
  bytes.writeUInt32LE(Math.floor(value / 2 ** 32), at + 4)
}
