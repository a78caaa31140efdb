// Checks a snapshot record: against its name, its blocks, its listing, and when asked for against the files' hashes.
import { AetherError } from '../../core/errors.ts'
import { type BlockId, formatDigest } from '../../core/id.ts'
import { decodeRecord, type SnapshotRecord, type StoredStream } from '../../core/record.ts'
import type { BlockReader } from '../../dataset/block-reader.ts'
import { checkFiles } from './check-files.ts'
import { checkListing } from './check-listing.ts'
import { collectGarbage } from './collect-garbage.ts'
import type { Lookup, Unusable } from './lookup.ts'
import { faultyOutcome, type Outcome, reasonOf, soundOutcome } from './outcome.ts'
import type { VerifyState } from './state.ts'
import { blockObject, type StoreObject } from './store-object.ts'

type SnapshotObject = Extract<StoreObject, { kind: 'snapshot' }>

export interface SnapshotCheckDeps {
  lookup: Lookup
  reader: BlockReader
  state: VerifyState
  /** Whether the files' hashes are computed too. */
  files: boolean
  signal?: AbortSignal
}

/** From here on it matters when garbage is collected. */
const LARGE_RECORD = 1024 * 1024

export async function checkSnapshot(
  object: SnapshotObject,
  bytes: Uint8Array,
  deps: SnapshotCheckDeps,
): Promise<Outcome> {
  const outcome = soundOutcome(object)
  try {
    if (bytes.length > LARGE_RECORD) collectGarbage() // what the one before has left
    const record = decodeRecord(bytes)
    if (bytes.length > LARGE_RECORD) collectGarbage()
    if (record.digest !== object.digest) throw damaged(`it is that of ${formatDigest(record.digest)}`)
    outcome.names = record.blocks.map(({ id }) => id)
    await checkBlocks(outcome, record, deps)
    await checkExtents(outcome, record, deps.lookup)
    if (outcome.lacks.length === 0) await checkContent(record, deps)
  } catch (error) {
    if (!isFault(error)) throw error
    outcome.findings.push(...faultyOutcome(object, 'damaged', reasonOf(error)).findings)
  }
  return outcome
}

/** Every block of the table is there, sound, and the one that the table says. */
async function checkBlocks(outcome: Outcome, { blocks }: SnapshotRecord, deps: SnapshotCheckDeps): Promise<void> {
  for (const block of blocks) {
    if (deps.state.hasBlock(block)) continue
    const starts = await deps.lookup.chunkStarts(block.id)
    if (typeof starts === 'string') lack(outcome, block.id, starts)
    else if (!deps.state.hasBlock(block)) throw damaged(`it says of block ${block.id} what is not so`)
  }
}

function lack(outcome: Outcome, id: BlockId, why: Unusable): void {
  const object = blockObject(id)
  outcome.lacks.push(object.key)
  if (why === 'missing') outcome.findings.push({ object, problem: 'missing', reason: 'a snapshot needs it' })
}

/** Every extent names chunks that its block has, and says how long they are together. */
async function checkExtents(outcome: Outcome, record: SnapshotRecord, lookup: Lookup): Promise<void> {
  if (record.blocks.length === outcome.lacks.length) return // none to compare with
  for (const stream of ['listing', 'times', 'content'] as const)
    await checkStream(record, record[stream], stream, lookup)
}

async function checkStream(record: SnapshotRecord, stream: StoredStream, name: string, lookup: Lookup): Promise<void> {
  const { block, first, count, start } = stream.extents
  let place = -1
  let starts: Uint32Array | Unusable = 'missing'
  for (let i = 0; i < block.length; i++) {
    if (block[i] !== place) {
      place = block[i]!
      starts = await lookup.chunkStarts(record.blocks[place]!.id)
    }
    if (typeof starts === 'string') continue
    const end = first[i]! + count[i]!
    if (end > starts.length - 1)
      throw damaged(`an extent of its ${name} names chunks that block ${record.blocks[place]!.id} does not have`)
    if (starts[end]! - starts[first[i]!]! !== start[i + 1]! - start[i]!)
      throw damaged(`an extent of its ${name} is not as long as its chunks`)
  }
}

async function checkContent(record: SnapshotRecord, deps: SnapshotCheckDeps): Promise<void> {
  await checkListing(record, deps.reader, deps.signal)
  if (deps.files) await checkFiles(record, deps)
}

function damaged(reason: string): AetherError {
  return new AetherError('integrity', reason)
}

/** What the bytes are to blame for. A block that was there a moment ago and is not now is looked at again at the end. */
function isFault(error: unknown): boolean {
  return error instanceof AetherError && ['integrity', 'invalid', 'not-found', 'too-large'].includes(error.code)
}
