// What lies in a store, told by its key. docs/format.md, section 7.
import { type BlockId, type Digest, formatDigest, parseBlockId, parseDigest } from '../../core/id.ts'
import { type DatasetName, parseDatasetName, parseTagName, type TagName } from '../../core/names.ts'
import { keys } from '../../storage/keys.ts'
import { timeOfLogEntry } from '../tag-store.ts'

export type StoreObject =
  | { kind: 'block'; key: string; id: BlockId }
  | { kind: 'snapshot'; key: string; dataset: DatasetName; digest: Digest }
  | { kind: 'tag'; key: string; dataset: DatasetName; tag: TagName }
  | { kind: 'log-entry'; key: string; dataset: DatasetName; id: string }
  | { kind: 'delta'; key: string; dataset: DatasetName; from: Digest; to: Digest }
  | { kind: 'receipt-key'; key: string }
  /** What is kept for v1 clients for a while. */
  | { kind: 'staged'; key: string; what: 'block' | 'part' | 'published' }

export type ObjectKind = StoreObject['kind']

export function blockObject(id: BlockId): StoreObject {
  return { kind: 'block', key: keys.block(id), id }
}

export function snapshotObject(dataset: DatasetName, digest: Digest): StoreObject {
  return { kind: 'snapshot', key: keys.snapshot(dataset, digest), dataset, digest }
}

export function logObject(dataset: DatasetName, id: string): StoreObject {
  return { kind: 'log-entry', key: keys.logEntry(dataset, id), dataset, id }
}

function deltaObject(dataset: DatasetName, from: Digest, to: Digest): StoreObject {
  return { kind: 'delta', key: keys.delta(dataset, from, to), dataset, from, to }
}

function digestOf(hex: string): Digest {
  return parseDigest(`sha256:${hex}`)
}

/** Undefined for a key that no hub writes. */
export function objectOf(key: string): StoreObject | undefined {
  try {
    const object = parseKey(key)
    return object?.key === key ? object : undefined // the same key again, so that nothing has two spellings
  } catch {
    return undefined // a part of it is no name, no digest, no id
  }
}

function parseKey(key: string): StoreObject | undefined {
  if (key === keys.receiptKey) return { kind: 'receipt-key', key }
  const [, block] = /^blocks\/..\/([^/]+)$/.exec(key) ?? []
  if (block !== undefined) return blockObject(parseBlockId(block))
  const [, owner = '', from, to] = /^deltas\/(.+)\/([^/]+)\/([^/]+)$/.exec(key) ?? []
  if (from !== undefined && to !== undefined) return deltaObject(parseDatasetName(owner), digestOf(from), digestOf(to))
  const staged = stagedObject(key)
  if (staged) return staged
  const [, name = '', folder, last = ''] = /^datasets\/(.+)\/(snapshots|tags|log)\/([^/]+)$/.exec(key) ?? []
  if (folder === undefined) return undefined
  const dataset = parseDatasetName(name)
  if (folder === 'snapshots') return snapshotObject(dataset, digestOf(last))
  if (folder === 'log') return timeOfLogEntry(last) === undefined ? undefined : logObject(dataset, last)
  const tag = parseTagName(last)
  return { kind: 'tag', key: keys.tag(dataset, tag), dataset, tag }
}

function stagedObject(key: string): StoreObject | undefined {
  const found = STAGED.exec(key)?.groups
  if (!found) return undefined
  return {
    kind: 'staged',
    key,
    what: found.signed === undefined ? 'part' : found.signed === 'blocks' ? 'block' : 'published',
  }
}

/** Owner, then a signature or the parts of an upload. */
const STAGED =
  /^staging\/v1\/[0-9a-f]{32}\/(?:(?<signed>blocks|published)\/[a-z2-7]{52}|(?<parts>parts)\/[0-9a-f]{32}\/\d{3})$/

/** As users write it, where they have words for it: `geo:v1`, `geo@sha256:…`. */
export function nameOf(object: StoreObject): string {
  if (object.kind === 'tag') return `${object.dataset}:${object.tag}`
  if (object.kind === 'snapshot') return `${object.dataset}@${formatDigest(object.digest)}`
  return object.key
}
