// Looks through the wire bytes of a record before it is decoded: a few KiB of zstd can announce millions of empty messages,
// each of which would take a hundred bytes of memory. Limits: docs/format.md, section 6.
import { AetherError } from './errors.ts'
import { createVarintReader } from './varint.ts'

/** Stored bytes of a record at most. */
export const MAX_RECORD = 16 * 1024 * 1024
/** Blocks that a record names at most. */
export const MAX_BLOCKS = 65_536
/** Labels that a record has at most. */
export const MAX_LABELS = 64
/** Elements in a column of extents at most. */
export const MAX_EXTENTS = 2_000_000

const FIELD = { listing: 2, times: 3, content: 4, blocks: 5, provenance: 6 } as const
const EXTENTS_FIELD = 3
const LABELS_FIELD = 4

/** @throws {AetherError} `invalid` when decoding would take more memory than a record may. */
export function checkRecordBounds(plain: Uint8Array): void {
  const counts = new Map<number, number>()
  for (const { field, bytes } of fieldsOf(plain)) {
    const seen = (counts.get(field) ?? 0) + 1
    counts.set(field, seen)
    if (field === FIELD.blocks) atMost(seen, MAX_BLOCKS, 'blocks')
    else atMost(seen, 1, `messages in field ${field}`)
    if (field === FIELD.provenance) checkCount(bytes, LABELS_FIELD, MAX_LABELS, 'labels')
    if (field === FIELD.listing || field === FIELD.times || field === FIELD.content) checkStream(bytes)
  }
}

function checkStream(stream: Uint8Array): void {
  for (const { field, bytes } of fieldsOf(stream)) if (field === EXTENTS_FIELD) checkColumns(bytes)
}

/** Columns are packed, so each element is one varint of at least a byte; elements that come alone count as well. */
function checkColumns(extents: Uint8Array): void {
  let elements = 0
  for (const { bytes } of fieldsOf(extents)) {
    elements += Math.max(1, endsOfVarints(bytes))
    atMost(elements, MAX_EXTENTS * 4, 'extents')
  }
}

function endsOfVarints(bytes: Uint8Array): number {
  let count = 0
  for (let i = 0; i < bytes.length; i++) if (bytes[i]! < 128) count++
  return count
}

function checkCount(message: Uint8Array, wanted: number, limit: number, what: string): void {
  let count = 0
  for (const { field } of fieldsOf(message)) if (field === wanted) atMost(++count, limit, what)
}

function atMost(count: number, limit: number, what: string): void {
  if (count > limit) throw new AetherError('invalid', `The snapshot record is malformed: it has over ${limit} ${what}`)
}

const NOTHING = new Uint8Array()

/** The fields of one message; of numbers only the field's own number matters here. */
function* fieldsOf(message: Uint8Array): Generator<{ field: number; bytes: Uint8Array }> {
  const reader = createVarintReader(message, 'snapshot record')
  while (!reader.done()) {
    const tag = reader.next()
    const kind = tag % 8
    const field = Math.floor(tag / 8)
    if (kind === 2) yield { field, bytes: reader.take(reader.next()) }
    else yield { field, bytes: skipNumber(reader, kind) }
  }
}

function skipNumber(reader: ReturnType<typeof createVarintReader>, kind: number): Uint8Array {
  if (kind === 0) reader.next()
  else if (kind === 1) reader.take(8)
  else if (kind === 5) reader.take(4)
  else throw new AetherError('invalid', 'The snapshot record is malformed: it has a field of an unknown kind')
  return NOTHING
}
