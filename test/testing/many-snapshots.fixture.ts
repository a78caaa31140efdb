// A store with many small snapshots, made by a hub without a client: for tests that care how many objects there are.
import { type DatasetName, parseDatasetName, parseTagName } from '../../src/core/names.ts'
import { createHub } from '../../src/hub/create-hub.ts'
import { ANONYMOUS, type Hub } from '../../src/hub/hub.ts'
import { buildSnapshot } from '../../src/hub/snapshot.fixture.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { once } from './forge.fixture.ts'
import { randomBytesOf } from './random.fixture.ts'

export const MANY = parseDatasetName('many')

/** Publishes a snapshot of one file with these random bytes, under these tags. */
export async function publishOne(hub: Hub, dataset: DatasetName, seed: string, tags: string[]): Promise<void> {
  const { bytes, blocks } = await buildSnapshot({ 'data.bin': randomBytesOf(2000, seed), name: seed })
  const receipts: string[] = []
  for (const { info, bytes } of blocks)
    receipts.push(await hub.uploadBlock(ANONYMOUS, dataset, info.id, bytes.length, once(bytes)))
  const moves = tags.map((tag) => ({ tag: parseTagName(tag), expected: undefined }))
  await hub.publish(ANONYMOUS, { dataset, record: bytes, receipts, bases: [], tags: moves, reason: '' })
}

/** So many snapshots in the dataset MANY, each with a version and "latest". */
export async function fillStore(storage: Storage, count: number): Promise<void> {
  const hub = await createHub({ storage })
  for (let i = 0; i < count; i++) await publishOne(hub, MANY, `${i}`, [`v${i}`, 'latest'])
  await hub.close()
}
