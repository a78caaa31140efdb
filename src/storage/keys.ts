// Where each kind of object lies in the store (docs/format.md, section 7).
import type { BlockId, Digest } from '../core/id.ts'
import type { DatasetName, TagName } from '../core/names.ts'

export const DATASETS = 'datasets/'
export const BLOCKS = 'blocks/'
export const DELTAS = 'deltas/'
/** What is kept for v1 clients for a while. */
export const STAGING = 'staging/v1/'

/** Whether the object of this key is named by what it holds, and so never changes. */
export function isBlockKey(key: string): boolean {
  return key.startsWith(BLOCKS)
}

export const keys = {
  block: (id: BlockId) => `${BLOCKS}${id.slice(0, 2)}/${id}`,
  dataset: (dataset: DatasetName) => `${DATASETS}${dataset}/`,
  snapshots: (dataset: DatasetName) => `${DATASETS}${dataset}/snapshots/`,
  snapshot: (dataset: DatasetName, digest: Digest) => `${DATASETS}${dataset}/snapshots/${digest}`,
  tags: (dataset: DatasetName) => `${DATASETS}${dataset}/tags/`,
  tag: (dataset: DatasetName, tag: TagName) => `${DATASETS}${dataset}/tags/${tag}`,
  log: (dataset: DatasetName) => `${DATASETS}${dataset}/log/`,
  logEntry: (dataset: DatasetName, id: string) => `${DATASETS}${dataset}/log/${id}`,
  delta: (dataset: DatasetName, from: Digest, to: Digest) => `${DELTAS}${dataset}/${from}/${to}`,
  deltasFrom: (dataset: DatasetName, from: Digest) => `${DELTAS}${dataset}/${from}/`,
  staged: (owner: string, kind: 'blocks' | 'parts') => `${STAGING}${owner}/${kind}/`,
  stagedBlock: (owner: string, signature: string) => `${STAGING}${owner}/blocks/${withoutPadding(signature)}`,
  stagedPart: (owner: string, upload: string, part: number) =>
    `${STAGING}${owner}/parts/${upload}/${String(part).padStart(3, '0')}`,
  publishedBlock: (owner: string, signature: string) => `${STAGING}${owner}/published/${withoutPadding(signature)}`,
  /** The key with which hubs of this store sign receipts. */
  receiptKey: 'access/receipt-key',
} as const

function withoutPadding(signature: string): string {
  return signature.replace(/=+$/, '')
}
