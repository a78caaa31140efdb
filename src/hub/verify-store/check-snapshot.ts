// Checks a snapshot record: against its name, its blocks, its listing, and when asked for against the files' hashes.
import { MAX_BLOCK_CHUNKS } from '../../core/block.ts'
import { AetherError } from '../../core/errors.ts'
import { formatDigest } from '../../core/id.ts'
import { decodeRecord, type SnapshotRecord, type StoredStream } from '../../core/record.ts'
import type { BlockReader } from '../../dataset/block-reader.ts'
import { checkFiles } from './check-files.ts'
import { checkListing } from './check-listing.ts'
import type { Lookup } from './lookup.ts'
import { type BlockFacts, faultyOutcome, type Outcome, reasonOf, soundOutcome } from './outcome.ts'
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

export async function checkSnapshot(
  object: SnapshotObject,
  bytes: Uint8Array,
  deps: SnapshotCheckDeps,
): Promise<Outcome> {
  const outcome = soundOutcome(object)
  try {
    const record = decodeRecord(bytes)
    if (record.digest !== object.digest) throw damaged(`it is that of ${formatDigest(record.digest)}`)
    outcome.names = record.blocks.map(({ id }) => id)
    await checkBlocks(outcome, record, deps.lookup)
    await checkExtents(outcome, record, deps.lookup)
    if (outcome.lacks.length === 0) await checkContent(record, deps)
  } catch (error) {
    if (!isFault(error)) throw error
    outcome.findings.push(...faultyOutcome(object, 'damaged', reasonOf(error)).findings)
  }
  return outcome
}

/** Every block of the table is there, sound, and the one that the table says. */
async function checkBlocks(outcome: Outcome, { blocks }: SnapshotRecord, lookup: Lookup): Promise<void> {
  for (const { id, size, tailSize, tailHash } of blocks) {
    const facts = await lookup.block(id)
    if (typeof facts === 'string') lack(outcome, id, facts)
    else if (facts.size !== size || facts.tailSize !== tailSize || facts.tailHash !== tailHash)
      throw damaged(`it says of block ${id} what is not so`)
  }
}

function lack(outcome: Outcome, id: Parameters<typeof blockObject>[0], why: 'damaged' | 'missing'): void {
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
  let facts: BlockFacts | 'damaged' | 'missing' = 'missing'
  for (let i = 0; i < block.length; i++) {
    if (block[i] !== place) {
      place = block[i]!
      facts = await lookup.block(record.blocks[place]!.id)
    }
    if (typeof facts === 'string') continue
    const { chunkStart } = facts
    const end = first[i]! + count[i]!
    if (end > Math.min(MAX_BLOCK_CHUNKS, chunkStart.length - 1))
      throw damaged(`an extent of its ${name} names chunks that block ${record.blocks[place]!.id} does not have`)
    if (chunkStart[end]! - chunkStart[first[i]!]! !== start[i + 1]! - start[i]!)
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
