// Names of the hub's own for cuts of a snapshot's content. docs/format.md, section 11.2. A name gives no right: who uses it
// has to be allowed to pull the dataset. It is signed so that only cuts that a hub has told of are looked for.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { type Digest, ID_BYTES, idFromBytes, idToBytes } from '../../core/id.ts'
import { type DatasetName, parseDatasetName } from '../../core/names.ts'

/** A cut of a snapshot's content. */
export interface Cut {
  dataset: DatasetName
  digest: Digest
  blockSize: number
  /** Which one, from 0. */
  index: number
}

export interface BlockNames {
  encode(cut: Cut): string
  /** Undefined for a text that no hub of this store has made. */
  decode(name: string): Cut | undefined
}

const PREFIX = 'v2.'
const MAC_BYTES = 16
const HEAD_BYTES = ID_BYTES + 8
/** Longest name, in characters: that of a scope and a name of 128 characters each. */
const MAX_NAME = PREFIX.length + Math.ceil(((HEAD_BYTES + 258 + MAC_BYTES) * 4) / 3)

/** @param key the same for all hubs of the store, and used for nothing else */
export function createBlockNames(key: Uint8Array): BlockNames {
  function mac(bytes: Uint8Array): Buffer {
    return createHmac('sha256', key).update(bytes).digest().subarray(0, MAC_BYTES)
  }

  function encode({ dataset, digest, blockSize, index }: Cut): string {
    const numbers = Buffer.alloc(8)
    numbers.writeUInt32BE(blockSize)
    numbers.writeUInt32BE(index, 4)
    const bytes = Buffer.concat([idToBytes(digest), numbers, Buffer.from(dataset)])
    return PREFIX + Buffer.concat([bytes, mac(bytes)]).toString('base64url')
  }

  function decode(name: string): Cut | undefined {
    if (name.length > MAX_NAME || !name.startsWith(PREFIX)) return undefined
    const whole = Buffer.from(name.slice(PREFIX.length), 'base64url')
    const bytes = whole.subarray(0, -MAC_BYTES)
    if (bytes.length <= HEAD_BYTES || !timingSafeEqual(mac(bytes), whole.subarray(-MAC_BYTES))) return undefined
    if (PREFIX + whole.toString('base64url') !== name) return undefined // one cut has one name
    return {
      digest: idFromBytes<Digest>(bytes.subarray(0, ID_BYTES)),
      blockSize: bytes.readUInt32BE(ID_BYTES),
      index: bytes.readUInt32BE(ID_BYTES + 4),
      dataset: parseDatasetName(bytes.toString('utf8', HEAD_BYTES)),
    }
  }

  return { encode, decode }
}
