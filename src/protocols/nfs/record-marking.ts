// Records over TCP (RFC 5531, section 11): each is one or more fragments, and a fragment tells its length in four bytes.
import { AetherError } from '../../core/errors.ts'

export interface RecordAssembler {
  /**
   * Takes in what came from the network, and gives the records that are whole by now.
   * @throws {AetherError} `too-large`; nothing can be read behind that
   */
  push(bytes: Uint8Array): Iterable<Buffer>
}

const HEADER_BYTES = 4
const LAST = 0x8000_0000
/** Of one record. Clients send one or two. */
const MAX_FRAGMENTS = 64
/** A usual request fits. */
const FIRST_BYTES = 512

/** @param maxBytes of one record; no more memory is held, and only for bytes that have come */
export function createRecordAssembler(maxBytes: number): RecordAssembler {
  const header = Buffer.alloc(HEADER_BYTES)
  let headerBytes = 0
  let record = Buffer.alloc(0)
  let recordBytes = 0
  let fragments = 0
  let fragmentLeft = 0
  let isLast = false

  /** @returns bytes of the header that were there */
  function readHeader(bytes: Uint8Array): number {
    const some = bytes.subarray(0, HEADER_BYTES - headerBytes)
    header.set(some, headerBytes)
    headerBytes += some.length
    if (headerBytes === HEADER_BYTES) beginFragment(header.readUInt32BE())
    return some.length
  }

  function beginFragment(word: number): void {
    isLast = word >= LAST
    fragmentLeft = isLast ? word - LAST : word
    fragments++
    if (recordBytes + fragmentLeft > maxBytes)
      throw new AetherError('too-large', `A request has over ${maxBytes} bytes`)
    if (fragments > MAX_FRAGMENTS) throw new AetherError('too-large', `A request has over ${MAX_FRAGMENTS} fragments`)
  }

  function readBody(bytes: Uint8Array): number {
    const some = bytes.subarray(0, fragmentLeft)
    if (recordBytes + some.length > record.length) grow(recordBytes + some.length)
    record.set(some, recordBytes)
    recordBytes += some.length
    fragmentLeft -= some.length
    return some.length
  }

  /** For bytes that are there, not for those that are announced. */
  function grow(needed: number): void {
    const larger = Buffer.alloc(Math.max(FIRST_BYTES, record.length * 2, needed))
    larger.set(record.subarray(0, recordBytes))
    record = larger
  }

  function endRecord(): Buffer {
    const whole = record.subarray(0, recordBytes)
    record = Buffer.alloc(0)
    recordBytes = 0
    fragments = 0
    return whole
  }

  function* push(bytes: Uint8Array): Generator<Buffer> {
    for (let at = 0; at < bytes.length; ) {
      const rest = bytes.subarray(at)
      at += headerBytes < HEADER_BYTES ? readHeader(rest) : readBody(rest)
      if (headerBytes < HEADER_BYTES || fragmentLeft > 0) continue
      headerBytes = 0
      if (isLast) yield endRecord()
    }
  }

  return { push }
}

/** A record of one fragment. */
export function frameRecord(parts: readonly Uint8Array[]): Uint8Array[] {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt32BE(LAST + parts.reduce((sum, part) => sum + part.length, 0))
  return [header, ...parts]
}
