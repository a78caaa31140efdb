// What lies in a store, seen from below: for tests that look at what a push left there.
import assert from 'node:assert/strict'
import type { BlockIndex } from '../../src/core/block.ts'
import { type Digest, parseDigest } from '../../src/core/id.ts'
import { parseDatasetName } from '../../src/core/names.ts'
import { chunksOf } from '../../src/core/plan.ts'
import { decodeRecord, type SnapshotRecord } from '../../src/core/record.ts'
import { createBlockReader } from '../../src/dataset/block-reader.ts'
import { keys } from '../../src/storage/keys.ts'
import type { Storage } from '../../src/storage/storage.ts'

/** Every object with its size and version, in order. */
export async function listStore(storage: Storage, prefix = ''): Promise<string[]> {
  const lines: string[] = []
  let startAfter: string | undefined
  do {
    const page = await storage.list({ prefix, startAfter })
    lines.push(...page.objects.map(({ key, size, version }) => `${key} ${size} ${version}`))
    startAfter = page.next
  } while (startAfter !== undefined)
  return lines
}

/** Where tags point, by "dataset:tag"; those that were removed are left out. */
export async function storedTags(storage: Storage): Promise<Map<string, Digest>> {
  const tags = new Map<string, Digest>()
  for (const line of await listStore(storage, 'datasets/')) {
    const [key = ''] = line.split(' ')
    const [, dataset, tag] = /^datasets\/(.*)\/tags\/(.*)$/.exec(key) ?? []
    if (dataset === undefined) continue
    const { digest } = JSON.parse(Buffer.from((await storage.get(key)).bytes).toString()) as { digest: string | null }
    if (digest !== null) tags.set(`${dataset}:${tag}`, parseDigest(digest))
  }
  return tags
}

/** What promise 2 says of a store at any moment: each tag points to a snapshot whose record and blocks are all there. */
export async function checkTagsComplete(storage: Storage): Promise<void> {
  for (const [name, digest] of await storedTags(storage)) {
    const dataset = name.slice(0, name.lastIndexOf(':'))
    const record = await readStoredRecord(storage, dataset, digest)
    assert.equal(record.digest, digest, `the record of ${name}`)
    for (const { id, size } of record.blocks) {
      assert.equal((await storage.head(keys.block(id)))?.size, size, `block ${id} of ${name}`)
    }
  }
}

export async function readStoredRecord(storage: Storage, dataset: string, digest: Digest): Promise<SnapshotRecord> {
  return decodeRecord((await storage.get(keys.snapshot(parseDatasetName(dataset), digest))).bytes)
}

/** Ids and lengths of the chunks of a snapshot's content, in order. */
export async function storedChunks(storage: Storage, dataset: string, digest: Digest): Promise<string[]> {
  const record = await readStoredRecord(storage, dataset, digest)
  const reader = createBlockReader(async (block, range) => (await storage.get(keys.block(block.id), { range })).bytes)
  const indexes: BlockIndex[] = []
  for (const block of record.blocks) indexes.push(await reader.index(block))
  return [...chunksOf(record.content.extents, (block) => indexes[block]!)].map(({ id, length }) => `${id} ${length}`)
}
