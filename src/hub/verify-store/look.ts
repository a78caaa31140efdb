// Looks at one object of a store: reads it, checks it, and says what came out.
import { MAX_RECORD } from '../../core/record-bounds.ts'
import { createBlockReader } from '../../dataset/block-reader.ts'
import { createWindowedFetch } from '../../dataset/windowed-fetch.ts'
import { keys } from '../../storage/keys.ts'
import { RECEIPT_KEY_BYTES } from '../receipts.ts'
import { parsePublished } from '../v1/published-blocks.ts'
import { parseStaged } from '../v1/staged-block.ts'
import { type BlockWorkers, createBlockCheck } from './check-block.ts'
import { checkDelta } from './check-delta.ts'
import { checkLogEntry } from './check-log-entry.ts'
import { checkSnapshot } from './check-snapshot.ts'
import { checkTag } from './check-tag.ts'
import { createLookup } from './lookup.ts'
import { faultyOutcome, type Outcome, soundOutcome } from './outcome.ts'
import { type ReadableStore, type ReadResult, readObject } from './read-object.ts'
import type { VerifyState } from './state.ts'
import type { StoreObject } from './store-object.ts'

/** A tag or a log entry at most: the words in it are bounded, and escapes make them six times as long. */
const MAX_SMALL = 1024 * 1024
/** Objects up to this size are read before their turn. */
const READ_AHEAD_BYTES = 256 * 1024

export interface Looks {
  /**
   * Reads an object, and checks it as far as that needs no other object; the rest is done by what this resolves to, in
   * the order of keys. That gives undefined when the object is gone.
   */
  begin(object: StoreObject, size: number): Promise<() => Promise<Outcome | undefined>>
  /** Both in one. */
  look(object: StoreObject): Promise<Outcome | undefined>
}

export interface LooksDeps {
  storage: ReadableStore
  workers: BlockWorkers
  state: VerifyState
  /** Whether the hashes of files are computed too. */
  files: boolean
  signal?: AbortSignal
}

/** What is checked in its turn; blocks and deltas need nothing but themselves. */
type SmallObject = Exclude<StoreObject, { kind: 'block' | 'delta' }>

export function createLooks({ storage, workers, state, files, signal }: LooksDeps): Looks {
  const checkBlock = createBlockCheck(storage, workers)
  const lookup = createLookup(state, lookAndPut)
  const reader = createBlockReader(
    createWindowedFetch(
      async ({ id }, range, abort) => (await storage.get(keys.block(id), { range, signal: abort })).bytes,
    ),
  )
  const read = (object: SmallObject) => readObject(storage, object.key, maxBytesOf(object), signal)

  async function begin(object: StoreObject, size: number): Promise<() => Promise<Outcome | undefined>> {
    if (object.kind === 'block') {
      const outcome = await checkBlock(object.id, signal)
      return async () => outcome
    }
    if (object.kind === 'staged' && object.what === 'part') return async () => soundOutcome(object) // its sums are with the block
    if (object.kind === 'delta') return () => checkDelta(storage, object, signal)
    if (size > READ_AHEAD_BYTES) return async () => checkRead(object, await read(object))
    const result = await read(object)
    return () => checkRead(object, result)
  }

  async function checkRead(object: SmallObject, read: ReadResult | undefined): Promise<Outcome | undefined> {
    if (read === undefined) return undefined
    if ('problem' in read) return faultyOutcome(object, read.problem, read.reason)
    return checkBytes(object, read.bytes)
  }

  async function checkBytes(object: SmallObject, bytes: Uint8Array): Promise<Outcome> {
    switch (object.kind) {
      case 'snapshot':
        return checkSnapshot(object, bytes, { lookup, reader, state, files, signal })
      case 'tag':
        return checkTag(object, bytes, lookup)
      case 'log-entry':
        return checkLogEntry(object, bytes)
      case 'receipt-key':
        return checkReceiptKey(object, bytes)
      case 'staged':
        return checkStaged(object, bytes)
    }
  }

  async function look(object: StoreObject): Promise<Outcome | undefined> {
    return (await begin(object, 0))()
  }

  async function lookAndPut(object: StoreObject): Promise<void> {
    const outcome = await look(object)
    if (outcome) state.put(outcome)
  }

  return { begin, look }
}

function maxBytesOf({ kind }: SmallObject): number {
  return kind === 'snapshot' ? MAX_RECORD : MAX_SMALL
}

function checkStaged(object: Extract<StoreObject, { kind: 'staged' }>, bytes: Uint8Array): Outcome {
  try {
    if (object.what === 'block') parseStaged(bytes)
    else parsePublished(bytes)
    return soundOutcome(object)
  } catch {
    return faultyOutcome(object, 'damaged', 'it does not match its checksum')
  }
}

function checkReceiptKey(object: SmallObject, bytes: Uint8Array): Outcome {
  if (bytes.length === RECEIPT_KEY_BYTES) return soundOutcome(object)
  return faultyOutcome(object, 'damaged', `it has ${bytes.length} bytes where it should have ${RECEIPT_KEY_BYTES}`)
}
