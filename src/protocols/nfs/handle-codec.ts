// File handles as bytes. They say where a node stands and are signed, so no hub has to remember them: any hub of the store
// takes them, at any time.
//
//   version 1 · level 1 · what the level needs · signature 12
//
// Names stand in them as hashes of 8 bytes, digests whole: at most 60 bytes, of the 64 that there may be.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { type Digest, ID_BYTES, idFromBytes } from '../../core/id.ts'
import type { Place } from '../../dataset/tree/readable-tree.ts'
import { NfsError, STATUS } from './program.ts'

/** Hash of a name, as 16 hex digits. As a number it is from 2^62 to 2^63, so that it can be a cookie too. */
export type NameHash = string

/** A place whose names are hashes. */
export type HashedPlace =
  | { level: 'root' }
  | { level: 'scope'; scope: NameHash }
  | { level: 'dataset' | 'digests'; dataset: NameHash }
  | { level: 'tag'; dataset: NameHash; tag: NameHash }
  | { level: 'snapshot'; dataset: NameHash; digest: Digest; index: number; depth: number }

export interface HandleCodec {
  hashOf(name: string): NameHash
  encode(place: HashedPlace): SignedPlace
  /** @throws {NfsError} `badHandle` for what was not signed with the same key */
  decode(handle: Uint8Array): HashedPlace
}

export interface SignedPlace {
  handle: Uint8Array
  /** A number that is this place's alone, as far as 63 bits can say. */
  fileId: bigint
}

/** Most that NFS version 3 has room for. */
export const MAX_HANDLE_BYTES = 64

const VERSION = 1
const HASH_BYTES = 8
const SIGNATURE_BYTES = 12
const LEVELS = ['root', 'scope', 'dataset', 'digests', 'tag', 'snapshot'] as const satisfies Place['level'][]

export function createHandleCodec(key: Uint8Array): HandleCodec {
  const mac = (bytes: Uint8Array | string) => createHmac('sha256', key).update(bytes).digest()

  function decode(handle: Uint8Array): HashedPlace {
    const body = Buffer.from(handle.subarray(0, -SIGNATURE_BYTES))
    const signature = handle.subarray(-SIGNATURE_BYTES)
    if (handle.length <= SIGNATURE_BYTES || !timingSafeEqual(signature, mac(body).subarray(0, SIGNATURE_BYTES)))
      throw new NfsError(STATUS.badHandle, 'invalid', 'A handle was not made by a hub of this store')
    return readBody(body)
  }

  return {
    hashOf(name) {
      const code = mac(`name ${name}`)
      code[0] = (code[0]! & 0x3f) | 0x40
      return code.toString('hex', 0, HASH_BYTES)
    },
    encode(place) {
      const body = writeBody(place)
      const code = mac(body)
      const handle = Buffer.concat([body, code.subarray(0, SIGNATURE_BYTES)])
      return { handle, fileId: BigInt.asUintN(63, code.readBigUInt64BE(SIGNATURE_BYTES)) }
    },
    decode,
  }
}

function writeBody(place: HashedPlace): Buffer {
  const head = Buffer.from([VERSION, LEVELS.indexOf(place.level)])
  return Buffer.concat([head, ...fieldsOf(place)])
}

function fieldsOf(place: HashedPlace): Buffer[] {
  switch (place.level) {
    case 'root':
      return []
    case 'scope':
      return [fromHex(place.scope)]
    case 'dataset':
    case 'digests':
      return [fromHex(place.dataset)]
    case 'tag':
      return [fromHex(place.dataset), fromHex(place.tag)]
    case 'snapshot': {
      const spot = Buffer.alloc(6)
      spot.writeUInt32BE(place.index)
      spot.writeUInt16BE(place.depth, 4)
      return [fromHex(place.dataset), fromHex(place.digest), spot]
    }
  }
}

/** Of bytes that are ours, as their signature says; other versions may have other fields. */
function readBody(body: Buffer): HashedPlace {
  const level = body[0] === VERSION ? LEVELS[body[1]!] : undefined
  const first = body.toString('hex', 2, 2 + HASH_BYTES)
  const rest = body.subarray(2 + HASH_BYTES)
  switch (level) {
    case 'root':
      return { level }
    case 'scope':
      return { level, scope: first }
    case 'dataset':
    case 'digests':
      return { level, dataset: first }
    case 'tag':
      return { level, dataset: first, tag: rest.toString('hex') }
    case 'snapshot':
      return { level, dataset: first, ...readSpot(rest) }
    default:
      throw new NfsError(STATUS.badHandle, 'invalid', 'A handle is of another version')
  }
}

function readSpot(rest: Buffer): { digest: Digest; index: number; depth: number } {
  const digest = idFromBytes<Digest>(rest.subarray(0, ID_BYTES))
  return { digest, index: rest.readUInt32BE(ID_BYTES), depth: rest.readUInt16BE(ID_BYTES + 4) }
}

function fromHex(text: string): Buffer {
  return Buffer.from(text, 'hex')
}
