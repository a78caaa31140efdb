// Deltas between snapshots of a dataset: those that are stored, and those that are made because somebody asks.
import type { ImageLengths } from '../../core/delta/delta-format.ts'
import { AetherError } from '../../core/errors.ts'
import { formatDigest } from '../../core/id.ts'
import type { SnapshotRecord } from '../../core/record.ts'
import type { Delta, ReadDeltaOptions } from '../hub.ts'
import type { Snapshots, StoredSnapshot } from '../snapshots.ts'
import { createBackground, type Move } from './background.ts'
import { createDeltaStore, type StoredDelta } from './delta-store.ts'
import { createEncodings, type EncodedDelta } from './encodings.ts'
import { createTaking, type Taking, type TakingDeps } from './taking.ts'

export interface DeltasOptions {
  /** Hears of each delta that was made, or not made. */
  onEncoded?: (encoded: EncodedDelta) => void
  /** Whether deltas are made when a channel moves, before somebody asks. @default false */
  background?: boolean
}

export interface Deltas extends Pick<Taking, 'take'> {
  /** @throws {AetherError} `not-found` when there is none and none is worth having */
  read(from: StoredSnapshot, to: StoredSnapshot, options: ReadDeltaOptions): Promise<Delta>
  /** Hears that a channel has moved. */
  moved(move: Move): void
  close(): Promise<void>
}

export function createDeltas(
  { storage, snapshots, keepBlock }: Omit<TakingDeps, 'store'> & { snapshots: Snapshots },
  { onEncoded = () => {}, background: inAdvance = false }: DeltasOptions,
): Deltas {
  const store = createDeltaStore(storage)
  const taking = createTaking({ storage, store, keepBlock })
  const encodings = createEncodings({ storage, store, onEncoded })

  const background = createBackground(makeInAdvance)

  async function read(
    from: StoredSnapshot,
    to: StoredSnapshot,
    { make = true, suspect = false, signal }: ReadDeltaOptions,
  ): Promise<Delta> {
    const stored = await store.find(to.dataset, from.record.digest, to.record.digest, signal)
    const fits = stored !== undefined && isBetween(stored, from.record, to.record)
    if (fits && (!suspect || (await store.isSound(stored, signal)))) return storedDelta(stored, signal)
    const bytes = make ? await encodings.join(from, to, signal) : undefined
    if (bytes === undefined) throw noDelta(from.record, to.record)
    return { stored: undefined, read: () => bytes }
  }

  function storedDelta(delta: StoredDelta, signal?: AbortSignal): Delta {
    const { size, sum } = delta
    return { stored: { size, sum }, read: (range) => store.read(delta, range, signal) }
  }

  async function makeInAdvance({ dataset, from, to }: Move): Promise<void> {
    const pair = await Promise.all([snapshots.load(dataset, from), snapshots.load(dataset, to)])
    if ((await store.find(dataset, from, to)) === undefined) await encodings.make(...pair)
  }

  async function close(): Promise<void> {
    background.close()
    await Promise.all([encodings.close(), taking.close()])
  }

  return { read, take: taking.take, moved: (move) => void (inAdvance && background.add(move)), close }
}

/** Snapshots of one digest may have other times in another dataset, and then other images. */
function isBetween({ header }: StoredDelta, from: SnapshotRecord, to: SnapshotRecord): boolean {
  return sameLengths(header.fromLengths, from) && sameLengths(header.toLengths, to)
}

function sameLengths({ listing, times, content }: ImageLengths, record: SnapshotRecord): boolean {
  return listing === record.listing.length && times === record.times.length && content === record.content.length
}

function noDelta(from: SnapshotRecord, to: SnapshotRecord): AetherError {
  return new AetherError(
    'not-found',
    `There is no delta from ${formatDigest(from.digest)} to ${formatDigest(to.digest)} that is worth having`,
  )
}
