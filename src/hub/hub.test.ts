import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { wrapStorage } from '../../test/testing/wrapped-storage.fixture.ts'
import { AetherError } from '../core/errors.ts'
import { type BlockId, type Digest, formatDigest, sha256Hex } from '../core/id.ts'
import type { DatasetName, TagName } from '../core/names.ts'
import { encodeRecord } from '../core/record.ts'
import { sampleBytes } from '../core/sample.fixture.ts'
import { keys } from '../storage/keys.ts'
import { createMemoryStorage } from '../storage/memory.ts'
import type { Storage } from '../storage/storage.ts'
import { createHub } from './create-hub.ts'
import { ANONYMOUS, type Caller, type Hub } from './hub.ts'
import { RECEIPT_LIFETIME } from './receipts.ts'
import { type BuiltSnapshot, buildSnapshot } from './snapshot.fixture.ts'

const GEO = 'geo' as DatasetName
const OTHER = '@team/other' as DatasetName
const [LATEST, V1, V2] = ['latest', 'v1', 'v2'] as TagName[] as [TagName, TagName, TagName]

const one = await buildSnapshot({ 'a.txt': 'one', 'data.bin': sampleBytes(300_000, 'data') })
const two = await buildSnapshot({
  'a.txt': 'two',
  'data.bin': sampleBytes(300_000, 'data'),
  'new.bin': sampleBytes(80_000, 'new'),
})
const hubs: Hub[] = []
after(() => Promise.all(hubs.map((hub) => hub.close())))

async function openHub(storage: Storage = createMemoryStorage(), now?: () => number) {
  const hub = await createHub({ storage, now })
  hubs.push(hub)
  return { hub, storage }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

async function* body(bytes: Uint8Array) {
  yield bytes.subarray(0, 10)
  yield bytes.subarray(10)
}

function upload(hub: Hub, { blocks }: BuiltSnapshot, dataset = GEO, caller: Caller = ANONYMOUS): Promise<string[]> {
  return Promise.all(blocks.map((b) => hub.uploadBlock(caller, dataset, b.info.id, b.bytes.length, body(b.bytes))))
}

async function publish(
  hub: Hub,
  snapshot: BuiltSnapshot,
  tags: TagName[],
  { dataset = GEO, expected }: { dataset?: DatasetName; expected?: Digest | 'none' } = {},
) {
  const receipts = await upload(hub, snapshot, dataset)
  return hub.publish(ANONYMOUS, {
    dataset,
    record: snapshot.bytes,
    receipts,
    bases: [],
    tags: tags.map((tag) => ({ tag, expected })),
    reason: 'nightly',
  })
}

const conflict = (digest: Digest | 'none') => (error: unknown) =>
  error instanceof AetherError &&
  error.code === 'conflict' &&
  error.detail.digest === (digest === 'none' ? 'none' : formatDigest(digest))

describe('publish', () => {
  it('promise 1: stores a push whole, readable back by digest', async () => {
    const { hub } = await openHub()
    const result = await publish(hub, one, [V1, LATEST])
    assert.equal(result.digest, one.record.digest)
    assert.deepEqual(
      result.tags.map((t) => [t.tag.name, t.tag.digest, t.previous]),
      [
        [V1, one.record.digest, undefined],
        [LATEST, one.record.digest, undefined],
      ],
    )
    const summary = await hub.getSnapshot(ANONYMOUS, GEO, one.record.digest)
    assert.deepEqual(
      [summary.files, summary.size, summary.creator, summary.message],
      [2, 300_003, 'anonymous', 'made by a test'],
    )
    for (const block of one.blocks) {
      const { bytes } = await hub.readBlock(ANONYMOUS, GEO, one.record.digest, block.info.id)
      assert.ok(Buffer.from(bytes).equals(block.bytes))
    }
  })

  it('promise 2: leaves no snapshot and no tag behind when a block is missing', async () => {
    const { hub, storage } = await openHub()
    const request = {
      dataset: GEO,
      record: one.bytes,
      receipts: [],
      bases: [],
      tags: [{ tag: LATEST, expected: undefined }],
      reason: '',
    }
    await assert.rejects(hub.publish(ANONYMOUS, request), { code: 'denied', message: /neither a receipt nor a base/ })
    assert.deepEqual((await storage.list({ prefix: 'datasets/' })).objects, [])
  })

  it('promise 2: leaves the tag alone when the blocks went lost after their upload', async () => {
    const { hub, storage } = await openHub()
    const second = await openHub(storage) // one that has not seen the blocks
    const receipts = await upload(hub, one)
    for (const block of one.blocks) await storage.delete(keys.block(block.info.id))
    const request = {
      dataset: GEO,
      record: one.bytes,
      receipts,
      bases: [],
      tags: [{ tag: LATEST, expected: undefined }],
      reason: '',
    }
    await assert.rejects(second.hub.publish(ANONYMOUS, request), { code: 'not-found' })
    await assert.rejects(hub.getTag(ANONYMOUS, GEO, LATEST), { code: 'not-found' })
  })

  it('takes blocks of a base that the dataset has, without a receipt', async () => {
    const { hub } = await openHub()
    await publish(hub, one, [LATEST])
    const request = {
      dataset: GEO,
      record: one.bytes,
      receipts: [],
      bases: [{ dataset: GEO, digest: one.record.digest }],
      tags: [{ tag: V1, expected: undefined }],
      reason: '',
    }
    assert.equal((await hub.publish(ANONYMOUS, request)).existed, true)
  })

  it('says that the same content was there, and leaves a version as it is', async () => {
    const { hub } = await openHub()
    await publish(hub, one, [V1])
    const again = await publish(hub, one, [V1])
    assert.deepEqual([again.existed, again.tags[0]!.previous], [true, one.record.digest])
  })

  it('refuses other content under a version before it stores anything', async () => {
    const { hub, storage } = await openHub()
    await publish(hub, one, [V1])
    await assert.rejects(publish(hub, two, [LATEST, V1]), conflict(one.record.digest))
    assert.equal(await storage.head(keys.snapshot(GEO, two.record.digest)), undefined)
    await assert.rejects(hub.getTag(ANONYMOUS, GEO, LATEST), { code: 'not-found' })
  })

  it('refuses a tag that moved meanwhile, and says where it is', async () => {
    const { hub } = await openHub()
    await publish(hub, one, [LATEST])
    await assert.rejects(publish(hub, two, [LATEST], { expected: 'none' }), conflict(one.record.digest))
    await publish(hub, two, [LATEST], { expected: one.record.digest })
  })

  it('refuses a record whose listing is not that of its digest', async () => {
    const { hub } = await openHub()
    const lying = { ...one, bytes: encodeRecord({ ...one.record, digest: two.record.digest }) }
    await assert.rejects(publish(hub, lying, [LATEST]), { code: 'integrity', message: /does not match its digest/ })
  })

  it('refuses a record that gives a block another tail than the receipt', async () => {
    const { hub } = await openHub()
    const blocks = one.record.blocks.map((block) => ({ ...block, tailHash: sha256Hex('x') }))
    await assert.rejects(publish(hub, { ...one, bytes: encodeRecord({ ...one.record, blocks }) }, [LATEST]), {
      code: 'denied',
    })
  })

  it('does not let a record with the right digest and wrong chunks stand in the way of a right one', async () => {
    const { hub } = await openHub()
    const poison = await buildSnapshot({ 'a.txt': 'one', 'data.bin': sampleBytes(300_000, 'evil') })
    const wrong = {
      record: one.record,
      blocks: poison.blocks,
      bytes: encodeRecord({ ...poison.record, digest: one.record.digest, listing: one.record.listing }),
    }
    await publish(hub, wrong, ['evil' as TagName])
    await publish(hub, one, [LATEST])
    const stored = await hub.readRecord(ANONYMOUS, GEO, one.record.digest)
    assert.ok(Buffer.from(stored).length > 0)
    for (const block of one.blocks) await hub.readBlock(ANONYMOUS, GEO, one.record.digest, block.info.id)
    // And the other way round: what is sound is not replaced.
    await publish(hub, wrong, ['evil' as TagName])
    for (const block of one.blocks) await hub.readBlock(ANONYMOUS, GEO, one.record.digest, block.info.id)
  })

  it('refuses requests without a tag, with a tag twice, or with endless words', async () => {
    const { hub } = await openHub()
    await assert.rejects(publish(hub, one, []), { code: 'invalid', message: /needs a tag/ })
    await assert.rejects(publish(hub, one, [LATEST, LATEST]), { code: 'invalid', message: /names a tag twice/ })
    const wordy = {
      ...one,
      bytes: encodeRecord({ ...one.record, provenance: { ...one.record.provenance, message: 'x'.repeat(20_000) } }),
    }
    await assert.rejects(publish(hub, wordy, [LATEST]), { code: 'too-large' })
  })
})

describe('receipts', () => {
  const request = (receipts: string[], dataset = GEO) => ({
    dataset,
    record: one.bytes,
    receipts,
    bases: [],
    tags: [{ tag: LATEST, expected: undefined }],
    reason: '',
  })

  it('are good at every hub of the store, and nowhere else', async () => {
    const { hub, storage } = await openHub()
    const receipts = await upload(hub, one)
    await (await openHub(storage)).hub.publish(ANONYMOUS, request(receipts))
    const { hub: stranger } = await openHub()
    await assert.rejects(stranger.publish(ANONYMOUS, request(receipts)), {
      code: 'denied',
      message: /not signed by a hub of this store/,
    })
  })

  it('are refused when forged, cut, or of another caller or dataset', async () => {
    const { hub } = await openHub()
    const [receipt = ''] = await upload(hub, one)
    const [payload = '', signature = ''] = receipt.split('.')
    const forged = Buffer.from(Buffer.from(payload, 'base64url').toString().replace('"geo"', '"gem"')).toString(
      'base64url',
    )
    for (const bad of [
      '',
      '.',
      payload,
      `${payload}.`,
      `.${signature}`,
      `${forged}.${signature}`,
      `${receipt}${'x'.repeat(5000)}`,
    ]) {
      await assert.rejects(hub.publish(ANONYMOUS, request([bad])), { code: 'denied', message: /not signed/ })
    }
    await assert.rejects(hub.publish({ subject: 'mallory' }, request([receipt])), {
      code: 'denied',
      message: /someone else/,
    })
    await assert.rejects(hub.publish(ANONYMOUS, request([receipt], OTHER)), {
      code: 'denied',
      message: /for the dataset "geo"/,
    })
  })

  it('expire', async () => {
    let time = 1_700_000_000_000
    const { hub } = await openHub(undefined, () => time)
    const receipts = await upload(hub, one)
    time += RECEIPT_LIFETIME + 1
    await assert.rejects(hub.publish(ANONYMOUS, request(receipts)), { code: 'denied', message: /expired/ })
  })
})

describe('uploadBlock', () => {
  const [block] = one.blocks as [BuiltSnapshot['blocks'][0]]

  it('refuses a block with another id, a wrong size or a damaged chunk, and stores nothing', async () => {
    const { hub, storage } = await openHub()
    const put = (id: string, size: number, bytes: Uint8Array) =>
      hub.uploadBlock(ANONYMOUS, GEO, id as BlockId, size, body(bytes))
    await assert.rejects(put('00'.repeat(32), block.bytes.length, block.bytes), {
      code: 'integrity',
      message: /another SHA-256/,
    })
    await assert.rejects(put(block.info.id, block.bytes.length - 1, block.bytes), {
      code: 'integrity',
      message: /longer than/,
    })
    await assert.rejects(put(block.info.id, block.bytes.length + 1, block.bytes), {
      code: 'integrity',
      message: /ends after/,
    })
    await assert.rejects(put(block.info.id, 10, block.bytes), { code: 'integrity' })
    await assert.rejects(put(block.info.id, 100_000_000, block.bytes), { code: 'too-large' })
    const damaged = Buffer.from(block.bytes)
    damaged[100] = damaged[100]! ^ 1
    await assert.rejects(put(sha256Hex(damaged), damaged.length, damaged), { code: 'integrity', message: /damaged/ })
    assert.deepEqual((await storage.list({ prefix: 'blocks/' })).objects, [])
  })

  it('takes a block again, and mends one that was damaged in the store', async () => {
    const { hub, storage } = await openHub()
    await upload(hub, one)
    for (const damaged of [block.bytes.subarray(0, 50), Buffer.alloc(block.bytes.length)]) {
      await storage.put(keys.block(block.info.id), damaged)
      await upload(hub, one)
      assert.ok(Buffer.from((await storage.get(keys.block(block.info.id))).bytes).equals(block.bytes))
    }
  })
})

describe('reading', () => {
  it('gives blocks only through a snapshot that uses them', async () => {
    const { hub } = await openHub()
    await publish(hub, one, [LATEST])
    await upload(hub, two)
    const foreign = two.blocks[0]!.info.id
    await assert.rejects(hub.readBlock(ANONYMOUS, GEO, one.record.digest, foreign), { code: 'not-found' })
    await assert.rejects(hub.readBlock(ANONYMOUS, OTHER, one.record.digest, one.blocks[0]!.info.id), {
      code: 'not-found',
    })
  })

  it('promise 3: gives an error and no bytes when a whole block is damaged in the store', async () => {
    const { hub, storage } = await openHub()
    await publish(hub, one, [LATEST])
    const { id } = one.blocks[0]!.info
    const damaged = Buffer.from(one.blocks[0]!.bytes)
    damaged[5] = damaged[5]! ^ 1
    await storage.put(keys.block(id), damaged)
    await assert.rejects(hub.readBlock(ANONYMOUS, GEO, one.record.digest, id), { code: 'integrity' })
  })

  it('promise 3: refuses a stored record that was exchanged for another', async () => {
    const { hub, storage } = await openHub()
    await publish(hub, one, [LATEST])
    await publish(hub, two, [LATEST])
    const { bytes } = await storage.get(keys.snapshot(GEO, two.record.digest))
    await storage.put(keys.snapshot(GEO, one.record.digest), bytes)
    const fresh = await openHub(storage)
    await assert.rejects(fresh.hub.readRecord(ANONYMOUS, GEO, one.record.digest), { code: 'integrity' })
  })

  it('lists entries in pages', async () => {
    const { hub } = await openHub()
    await publish(hub, two, [LATEST])
    const first = await hub.listEntries(ANONYMOUS, GEO, two.record.digest, { limit: 2 })
    assert.deepEqual([first.items.map((e) => e.path), first.next], [['a.txt', 'data.bin'], 'data.bin'])
    const rest = await hub.listEntries(ANONYMOUS, GEO, two.record.digest, { limit: 2, after: first.next })
    assert.deepEqual([rest.items.map((e) => e.path), rest.next], [['new.bin'], undefined])
    const some = await hub.listEntries(ANONYMOUS, GEO, two.record.digest, { limit: 9, prefix: 'da' })
    assert.deepEqual(
      some.items.map((e) => e.path),
      ['data.bin'],
    )
    await assert.rejects(hub.listEntries(ANONYMOUS, GEO, two.record.digest, { limit: 9, after: 'nowhere' }), {
      code: 'invalid',
    })
  })
})

describe('listDatasets and listTags', () => {
  it('go through all pages, scopes included', async () => {
    const { hub } = await openHub()
    const names = ['0day', '@a-b/x', '@a/y', '@a/y-z', '@team/geo', 'geo', 'geo-2', 'z'] as DatasetName[]
    for (const dataset of names) await publish(hub, one, [LATEST], { dataset })
    for (const limit of [1, 2, 3, 100]) {
      const seen: string[] = []
      for (let after: string | undefined, more = true; more; ) {
        const page = await hub.listDatasets(ANONYMOUS, { limit, after })
        seen.push(...page.items)
        after = page.next
        more = after !== undefined
      }
      assert.deepEqual(seen.toSorted(), names.toSorted(), `limit ${limit}`)
    }
    assert.deepEqual((await hub.listDatasets(ANONYMOUS, { limit: 9, prefix: '@a/' })).items, ['@a/y-z', '@a/y'])
    assert.deepEqual((await hub.listDatasets(ANONYMOUS, { limit: 9, prefix: 'ge' })).items, ['geo-2', 'geo'])
  })

  it('leave removed tags out and know no dataset that never was', async () => {
    const { hub } = await openHub()
    await publish(hub, one, [LATEST, V1])
    await hub.deleteTag(ANONYMOUS, GEO, LATEST, {})
    assert.deepEqual(
      (await hub.listTags(ANONYMOUS, GEO, { limit: 9 })).items.map((t) => [t.name, t.version]),
      [[V1, true]],
    )
    await assert.rejects(hub.listTags(ANONYMOUS, OTHER, { limit: 9 }), { code: 'not-found' })
  })
})

describe('moveTag, rollBackTag and deleteTag', () => {
  it('move channels to snapshots of the dataset only', async () => {
    const { hub } = await openHub()
    await publish(hub, one, [LATEST])
    await assert.rejects(hub.moveTag(ANONYMOUS, GEO, LATEST, two.record.digest, {}), { code: 'not-found' })
    await publish(hub, two, [V2])
    const moved = await hub.moveTag(ANONYMOUS, GEO, LATEST, two.record.digest, { expected: one.record.digest })
    assert.deepEqual([moved.tag.digest, moved.previous], [two.record.digest, one.record.digest])
    await assert.rejects(hub.moveTag(ANONYMOUS, GEO, V2, one.record.digest, {}), conflict(two.record.digest))
  })

  it('roll back one further each time', async () => {
    const { hub } = await openHub()
    const three = await buildSnapshot({ c: 'three' })
    for (const snapshot of [one, two, three]) await publish(hub, snapshot, [LATEST])
    const back = async () => (await hub.rollBackTag(ANONYMOUS, GEO, LATEST, {})).tag.digest
    assert.deepEqual([await back(), await back()], [two.record.digest, one.record.digest])
    await assert.rejects(back(), { code: 'conflict', message: /pointed nowhere before/ })
    await publish(hub, three, [LATEST])
    assert.equal(await back(), one.record.digest)
    await publish(hub, one, [V1])
    await assert.rejects(hub.rollBackTag(ANONYMOUS, GEO, V1, {}), { code: 'conflict', message: /is a version/ })
  })

  it('never let a removed version come back with other content', async () => {
    const { hub } = await openHub()
    await publish(hub, one, [V1])
    await hub.deleteTag(ANONYMOUS, GEO, V1, {})
    await assert.rejects(hub.getTag(ANONYMOUS, GEO, V1), { code: 'not-found' })
    await assert.rejects(hub.deleteTag(ANONYMOUS, GEO, V1, {}), { code: 'not-found' })
    await assert.rejects(publish(hub, two, [V1]), { code: 'conflict', message: /was removed/ })
    await publish(hub, one, [V1])
    assert.equal((await hub.getTag(ANONYMOUS, GEO, V1)).digest, one.record.digest)
  })

  it('let exactly one of two movers with the same expectation win, also at two hubs', async () => {
    const { hub, storage } = await openHub()
    const { hub: second } = await openHub(storage)
    await publish(hub, one, [LATEST])
    await publish(hub, two, [V2])
    const three = await buildSnapshot({ c: 'three' })
    await publish(hub, three, ['v3' as TagName])
    const tries = await Promise.allSettled([
      hub.moveTag(ANONYMOUS, GEO, LATEST, two.record.digest, { expected: one.record.digest }),
      second.moveTag(ANONYMOUS, GEO, LATEST, three.record.digest, { expected: one.record.digest }),
    ])
    assert.deepEqual(tries.map((t) => t.status).toSorted(), ['fulfilled', 'rejected'])
    const log = await hub.listLog(ANONYMOUS, GEO, { limit: 99, tag: LATEST })
    assert.equal(log.items.length, 2)
  })

  it('let movers without an expectation all succeed, one after the other', async () => {
    const { hub } = await openHub()
    await publish(hub, one, [LATEST])
    await publish(hub, two, [V2])
    await Promise.all(
      Array.from({ length: 8 }, (_, i) => hub.moveTag(ANONYMOUS, GEO, LATEST, (i % 2 ? one : two).record.digest, {})),
    )
    const { items } = await hub.listLog(ANONYMOUS, GEO, { limit: 99, tag: LATEST })
    for (let i = 0; i + 1 < items.length; i++) assert.equal(items[i]!.from, items[i + 1]!.to)
  })
})

describe('getTag', () => {
  it('shares reads of the store, and never tells where the tag pointed before it was asked', async () => {
    const storage = createMemoryStorage()
    await publish((await openHub(storage)).hub, one, [LATEST])
    const reads: PromiseWithResolvers<void>[] = []
    const slow = wrapStorage(storage, async (call, key, perform) => {
      const found = await perform()
      if (call !== 'get' || key !== keys.tag(GEO, LATEST)) return found
      reads.push(Promise.withResolvers())
      await reads.at(-1)!.promise // what was read is on its way for a while
      return found
    })
    const { hub } = await openHub(slow)
    const look = async () => (await hub.getTag(ANONYMOUS, GEO, LATEST, {})).digest
    const early = look()
    while (reads.length < 1) await turn()
    await publish((await openHub(storage)).hub, two, [LATEST])
    const late = Array.from({ length: 50 }, look)
    reads[0]!.resolve()
    while (reads.length < 2) await turn()
    reads[1]!.resolve()
    assert.equal(await early, one.record.digest)
    assert.deepEqual(new Set(await Promise.all(late)), new Set([two.record.digest]))
    assert.equal(reads.length, 2)
  })
})

describe('listLog', () => {
  it('has moves of several tags within one millisecond in their order', async () => {
    let time = 1_700_000_000_000
    const { hub } = await openHub(undefined, () => time)
    const names = Array.from({ length: 12 }, (_, i) => `tag${i}` as TagName)
    await publish(hub, one, names)
    await publish(hub, two, names.slice(0, 3))
    time -= 60_000 // a clock that was set back is followed
    await publish(hub, two, [LATEST])
    const { items } = await hub.listLog(ANONYMOUS, GEO, { limit: 100 })
    const moves = [...names, ...names.slice(0, 3)]
    assert.deepEqual(
      items.map(({ tag }) => tag),
      [...moves.toReversed(), LATEST],
    )
    assert.equal(items.at(-1)!.whenMicros, time * 1000)
    assert.ok(items[0]!.whenMicros < (time + 60_001) * 1000)
  })

  it('is the chain of moves, newest first, in pages, without moves that were never committed', async () => {
    const { hub, storage } = await openHub()
    await publish(hub, one, [LATEST, V1])
    await publish(hub, two, [LATEST])
    await hub.rollBackTag(ANONYMOUS, GEO, LATEST, { reason: 'bad data' })
    await hub.deleteTag(ANONYMOUS, GEO, LATEST, {})
    const page = await storage.list({ prefix: keys.log(GEO) })
    const lost = {
      ...JSON.parse(Buffer.from((await storage.get(page.objects[0]!.key)).bytes).toString()),
      reason: 'lost race',
      sum: undefined,
    }
    await storage.put(keys.logEntry(GEO, '0000000000000000-0000000000000000'), Buffer.from(JSON.stringify(lost)))
    const all: string[] = []
    for (let after: string | undefined, more = true; more; ) {
      const part = await hub.listLog(ANONYMOUS, GEO, { limit: 2, after })
      all.push(...part.items.map((e) => `${e.tag} ${e.action} ${e.reason}`))
      after = part.next
      more = after !== undefined
    }
    assert.deepEqual(all.slice(0, 3), ['latest delete ', 'latest rollback bad data', 'latest push nightly'])
    assert.deepEqual(all.slice(3).toSorted(), ['latest push nightly', 'v1 push nightly']) // one push: maybe the same millisecond
    const ofLatest: string[] = []
    for (let after: string | undefined, more = true; more; ) {
      const part = await hub.listLog(ANONYMOUS, GEO, { limit: 1, after, tag: LATEST })
      ofLatest.push(...part.items.map((e) => `${e.tag} ${e.action} ${e.reason}`))
      after = part.next
      more = after !== undefined
    }
    assert.deepEqual(
      ofLatest,
      all.filter((line) => line.startsWith('latest')),
    )
    await assert.rejects(hub.listLog(ANONYMOUS, GEO, { limit: 2, after: '../tags/latest' }), { code: 'invalid' })
  })
})
