// A small hub in memory, for tests of the protocols: it knows one dataset and does not check much.
import { randomBytes } from 'node:crypto'
import { AetherError } from '../core/errors.ts'
import { type BlockId, type Digest, sha256Hex } from '../core/id.ts'
import type { DatasetName, TagName } from '../core/names.ts'
import type { Hub, LogEntry, SnapshotSummary, TagInfo, TimedEntry } from '../hub/hub.ts'

export const DATASET = 'cities' as DatasetName
export const SCOPED = '@geo/cities' as DatasetName
export const DIGEST = sha256Hex('a snapshot') as Digest
export const OTHER_DIGEST = sha256Hex('another snapshot') as Digest
export const BLOCK = randomBytes(1_000_000)
export const BLOCK_ID = sha256Hex(BLOCK) as BlockId
export const DELTA = randomBytes(5_000)
export const RECORD = Buffer.from('a record of twenty-seven bytes')

export const TAG: TagInfo = {
  name: 'latest' as TagName,
  digest: DIGEST,
  version: false,
  movedMicros: 1_700_000_000_000_000,
  movedBy: 'ann',
}

const SNAPSHOT: SnapshotSummary = {
  digest: DIGEST,
  size: 2 ** 40,
  files: 2,
  entries: 3,
  blocks: 1,
  storedSize: BLOCK.length,
  creator: 'ann',
  createdMicros: 1_700_000_000_000_000,
  message: 'first',
  labels: { source: 'test' },
  deltas: [{ from: OTHER_DIGEST, to: DIGEST, size: 5000 }],
}

const ENTRIES: TimedEntry[] = [
  { kind: 'file', path: 'a.csv', executable: false, size: 5, hash: sha256Hex('a') as never, modifiedMicros: 1 },
  { kind: 'folder', path: 'empty', modifiedMicros: 2 },
  { kind: 'link', path: 'link', target: 'a.csv', modifiedMicros: 3 },
]

const LOG: LogEntry[] = [
  { tag: TAG.name, from: undefined, to: DIGEST, who: 'ann', whenMicros: 7, reason: 'why not', action: 'push' },
]

/** A call that the hub has seen: its name and its arguments. */
export interface SeenCall {
  name: string
  args: unknown[]
}

export interface FakeHub extends Hub {
  seen: SeenCall[]
}

/** `changes` take the place of what the fake would do. */
export function fakeHub(changes: Partial<Hub> = {}): FakeHub {
  const seen: SeenCall[] = []
  const hub = { ...readingHub(), ...writingHub(), ...changes }
  const watched = Object.entries(hub).map(([name, call]) => [
    name,
    watch(seen, name, call as (...args: unknown[]) => unknown),
  ])
  return { ...(Object.fromEntries(watched) as Hub), seen }
}

function watch(seen: SeenCall[], name: string, call: (...args: unknown[]) => unknown) {
  return (...args: unknown[]) => {
    seen.push({ name, args })
    return call(...args)
  }
}

function readingHub() {
  return {
    async listDatasets(_caller, { limit, after }) {
      const all = [SCOPED, DATASET]
      const start = after === undefined ? 0 : all.indexOf(after as DatasetName) + 1
      const items = all.slice(start, start + limit)
      return { items, next: start + limit < all.length ? items.at(-1) : undefined }
    },
    async listTags(_caller, dataset) {
      requireDataset(dataset)
      return { items: [TAG], next: undefined }
    },
    async getTag(_caller, dataset, tag) {
      requireDataset(dataset)
      if (tag !== TAG.name)
        throw new AetherError('not-found', `There is no tag "${tag}"`, {
          hint: `aetherfs ls ${dataset}`,
          detail: { tag },
        })
      return TAG
    },
    async listLog() {
      return { items: LOG, next: undefined }
    },
    async getSnapshot(_caller, dataset) {
      requireDataset(dataset)
      return SNAPSHOT
    },
    async listEntries(_caller, _dataset, _digest, { prefix = '' }) {
      return { items: ENTRIES.filter((entry) => entry.path.startsWith(prefix)), next: undefined }
    },
    async readRecord(_caller, dataset) {
      requireDataset(dataset)
      return RECORD
    },
    async blockSize(_caller, dataset, _digest, id) {
      requireDataset(dataset)
      return requireBlock(id).length
    },
    async readBlock(_caller, _dataset, _digest, id, { range } = {}) {
      const bytes = requireBlock(id)
      return { size: bytes.length, bytes: range ? bytes.subarray(range.offset, range.offset + range.length) : bytes }
    },
    async readDelta(_caller, dataset, from, to) {
      requireDataset(dataset)
      if (from !== OTHER_DIGEST || to !== DIGEST) throw new AetherError('not-found', 'There is no such delta')
      return {
        stored: { size: DELTA.length, sum: sha256Hex(DELTA) },
        async *read(range) {
          yield range ? DELTA.subarray(range.offset, range.offset + range.length) : DELTA
        },
      }
    },
    derivedSecret: () => new Uint8Array(32),
    async ready() {},
    async close() {},
  } satisfies Partial<Hub>
}

function writingHub() {
  return {
    async moveTag(_caller, _dataset, name, to, { expected }) {
      if (expected === 'none')
        throw new AetherError('conflict', `The tag "${name}" is there already`, { detail: { digest: DIGEST } })
      return { tag: { ...TAG, name, digest: to }, previous: DIGEST }
    },
    async deleteTag() {},
    async rollBackTag(_caller, _dataset, name) {
      return { tag: { ...TAG, name, digest: OTHER_DIGEST }, previous: DIGEST }
    },
    async uploadBlock(_caller, _dataset, id, size, body) {
      const parts: Uint8Array[] = []
      for await (const part of body) parts.push(Uint8Array.from(part)) // which is gone when the next is asked for
      const bytes = Buffer.concat(parts)
      if (bytes.length !== size || sha256Hex(bytes) !== id)
        throw new AetherError('integrity', 'The block does not match its id')
      return `receipt for ${id}`
    },
    async takeDelta(_caller, _dataset, _from, _to, size, body) {
      let length = 0
      for await (const part of body) length += part.length
      if (length !== size) throw new AetherError('integrity', 'The delta is malformed')
      const info = { id: BLOCK_ID, size: BLOCK.length, tailSize: 20, tailHash: sha256Hex('tail') }
      return [{ info, tail: BLOCK.subarray(-20), receipt: 'receipt' }]
    },
    async publish(_caller, { tags }) {
      return {
        digest: DIGEST,
        existed: false,
        tags: tags.map(({ tag }) => ({ tag: { ...TAG, name: tag }, previous: undefined })),
      }
    },
  } satisfies Partial<Hub>
}

function requireDataset(name: DatasetName): void {
  if (name !== DATASET && name !== SCOPED) throw new AetherError('not-found', `No dataset named "${name}"`)
}

function requireBlock(id: BlockId): Buffer {
  if (id !== BLOCK_ID) throw new AetherError('not-found', `The snapshot does not use a block ${id}`)
  return BLOCK
}
