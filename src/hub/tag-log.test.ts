// Lists of the log that do not agree with the store: what is written or removed meanwhile may or may not be in them.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DatasetName, TagName } from '../core/names.ts'
import { createMemoryStorage } from '../storage/memory.ts'
import type { ListPage, Storage } from '../storage/storage.ts'
import { createHub } from './create-hub.ts'
import { ANONYMOUS } from './hub.ts'
import { buildSnapshot } from './snapshot.fixture.ts'

const GEO = 'geo' as DatasetName
const LATEST = 'latest' as TagName

async function* body(bytes: Uint8Array) {
  yield bytes
}

/** The reasons in the log after pushes with these reasons, when each list is changed so; entries are listed newest first. */
async function logWith(reasons: string[], change: (page: ListPage) => ListPage): Promise<string[]> {
  const memory = createMemoryStorage()
  const storage: Storage = { ...memory, list: async (options) => change(await memory.list(options)) }
  const hub = await createHub({ storage })
  for (const reason of reasons) {
    const { bytes, blocks } = await buildSnapshot({ 'a.txt': reason })
    const upload = ({ info, bytes }: (typeof blocks)[0]) =>
      hub.uploadBlock(ANONYMOUS, GEO, info.id, bytes.length, body(bytes))
    const receipts = await Promise.all(blocks.map(upload))
    const tags = [{ tag: LATEST, expected: undefined }]
    await hub.publish(ANONYMOUS, { dataset: GEO, record: bytes, receipts, bases: [], tags, reason })
  }
  const { items } = await hub.listLog(ANONYMOUS, GEO, { limit: 100 })
  await hub.close()
  return items.map(({ reason }) => reason)
}

describe('the log of a dataset', () => {
  it('goes on where an entry is listed that has been removed since', async () => {
    const removed = (page: ListPage): ListPage => {
      const [first] = page.objects
      if (first === undefined) return page
      return { ...page, objects: [{ ...first, key: first.key.replace(/.$/, 'x') }, ...page.objects] }
    }
    assert.deepEqual(await logWith(['one', 'two'], removed), ['two', 'one'])
  })

  it('goes on behind an entry that is not listed', async () => {
    const without = (place: number) => (page: ListPage) => ({ ...page, objects: page.objects.toSpliced(place, 1) })
    assert.deepEqual(await logWith(['one', 'two', 'three'], without(0)), ['two', 'one'])
    assert.deepEqual(await logWith(['one', 'two', 'three'], without(1)), ['three', 'one'])
  })
})
