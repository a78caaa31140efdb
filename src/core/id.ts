// Ids: SHA-256 values as 64 lowercase hex digits, one type for each thing that they name. Text forms: docs/format.md, section 1.
import { hash } from 'node:crypto'
import { AetherError } from './errors.ts'

declare const brand: unique symbol
type Id<Name extends string> = string & { readonly [brand]: Name }

/** SHA-256 of a snapshot's listing text. */
export type Digest = Id<'Digest'>
/** SHA-256 of a block's stored bytes. */
export type BlockId = Id<'BlockId'>
/** SHA-256 of a chunk's plain bytes. */
export type ChunkId = Id<'ChunkId'>
/** SHA-256 of a file's bytes. */
export type FileHash = Id<'FileHash'>

const HEX = /^[0-9a-f]{64}$/

/** Length of an id in its binary form. */
export const ID_BYTES = 32

/** @throws {AetherError} `invalid` when `text` is not 64 lowercase hex digits. */
export function parseBlockId(text: string): BlockId {
  return parseHex(text, 'block id') as BlockId
}

/** @throws {AetherError} `invalid` when `text` is not 64 lowercase hex digits. */
export function parseFileHash(text: string): FileHash {
  return parseHex(text, 'file hash') as FileHash
}

/**
 * Reads "sha256:" and 64 lowercase hex digits.
 * @throws {AetherError} `invalid`
 */
export function parseDigest(text: string): Digest {
  if (!text.startsWith('sha256:')) {
    throw new AetherError('invalid', `Cannot parse digest "${text}": expected "sha256:" and 64 hex digits`)
  }
  return parseHex(text.slice(7), 'digest') as Digest
}

/** The digest as users write it: "sha256:" and 64 hex digits. */
export function formatDigest(digest: Digest): string {
  return `sha256:${digest}`
}

/** The first twelve hex digits: enough for people to tell versions apart. */
export function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 12)
}

function parseHex(text: string, what: string): string {
  if (!HEX.test(text))
    throw new AetherError('invalid', `Cannot parse ${what} "${text}": expected 64 lowercase hex digits`)
  return text
}

/** SHA-256 of `bytes` as hex; the caller says what the bytes are. */
export function sha256Hex(bytes: Uint8Array | string): string {
  return hash('sha256', bytes, 'hex')
}

/**
 * An id from 32 bytes.
 * @throws {AetherError} `invalid` when there are not 32 of them.
 */
export function idFromBytes<T extends string>(bytes: Uint8Array): T {
  if (bytes.length !== ID_BYTES) throw new AetherError('invalid', `An id has ${ID_BYTES} bytes, not ${bytes.length}`)
  return bytes.toHex() as T
}

/** One of many ids that lie one behind the other, by its place. */
export function idAt<T extends string>(ids: Uint8Array, place: number): T {
  return idFromBytes(ids.subarray(place * ID_BYTES, (place + 1) * ID_BYTES))
}

export function idToBytes(id: string): Buffer {
  return Buffer.from(id, 'hex')
}
