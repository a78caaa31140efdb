// Writes whose answers get lost: what a hub says of them has to be what happened.
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { createRandom, type Random } from '../../test/testing/random.fixture.ts'
import { AetherError } from '../core/errors.ts'
import { type BlockId, type Digest, sha256Hex } from '../core/id.ts'
import type { DatasetName, TagName } from '../core/names.ts'
import { sampleBytes } from '../core/sample.fixture.ts'
import { away, type Failure, flakyByChance } from '../storage/flaky.fixture.ts'
import { keys } from '../storage/keys.ts'
import { createMemoryStorage } from '../storage/memory.ts'
import { retrying } from '../storage/retrying.ts'
import type { Storage } from '../storage/storage.ts'
import { timed } from '../storage/timed.ts'
import { wrapStorage } from '../storage/wrap-storage.ts'
import { createHub } from './create-hub.ts'
import { ANONYMOUS, type Hub } from './hub.ts'
import { settleWrite } from './settle-write.ts'
import { buildSnapshot } from './snapshot.fixture.ts'
import { createTagStore, type TagStore } from './tag-store.ts'
import { moveTag } from './tags.ts'

const GEO = 'geo' as DatasetName
const LATEST = 'latest' as TagName

const conflict = new AetherError('conflict', 'Somebody else was first')
const lost = away('lost')
const refused = away('refused')

/** How a write ends whose tries end so, one after the other; and how often it was made and looked for. */
async function settled(tries: (AetherError | undefined)[], isDone: boolean | AetherError) {
  let made = 0
  let looked = 0
  const write = async () => {
    const error = tries[made++]
    if (error !== undefined) throw error
  }
  const look = async () => {
    looked++
    if (typeof isDone === 'boolean') return isDone
    throw isDone
  }
  const error = await settleWrite(write, look).then(
    () => undefined,
    (reason: AetherError) => reason,
  )
  return { end: error?.code ?? 'ok', undone: error?.detail.undone === 'true', made, looked }
}

describe('settleWrite', () => {
  it('asks nothing when the answer is clear', async () => {
    assert.deepEqual(await settled([undefined], false), { end: 'ok', undone: false, made: 1, looked: 0 })
    assert.deepEqual(await settled([refused], false), { end: 'unavailable', undone: true, made: 1, looked: 0 })
  })

  it('finds a write that was done although its answer was lost, or its repetition was refused', async () => {
    for (const first of [lost, conflict])
      assert.deepEqual(await settled([first], true), { end: 'ok', undone: false, made: 1, looked: 1 })
  })

  it('repeats a write that was not done', async () => {
    assert.deepEqual(await settled([lost, lost], false), { end: 'ok', undone: false, made: 3, looked: 2 })
  })

  it('calls it a conflict when it surely is one', async () => {
    assert.deepEqual(await settled([conflict], false), { end: 'conflict', undone: false, made: 1, looked: 1 })
    assert.deepEqual(await settled([lost, conflict], false), { end: 'conflict', undone: false, made: 2, looked: 2 })
  })

  it('does not say that nothing was done when an earlier try may come late', async () => {
    const { end, undone } = await settled([lost, refused, refused], false)
    assert.deepEqual([end, undone], ['unavailable', false])
  })

  it('gives up when the store cannot be asked', async () => {
    assert.deepEqual(await settled([lost], refused), { end: 'unavailable', undone: false, made: 1, looked: 1 })
  })

  it('does not take a failure to look for one to write', async () => {
    const damaged = new AetherError('integrity', 'What was read is cut short')
    for (const first of [lost, conflict])
      assert.deepEqual(await settled([first], damaged), { end: 'unavailable', undone: false, made: 1, looked: 1 })
  })
})

/** As a hub has it, without the waiting. */
function overFlaky(memory: Storage, random: Random): Storage {
  const failing = timed(flakyByChance(memory, random, 0.3), {
    base: 3,
    slowest: Number.POSITIVE_INFINITY,
    maxHung: 1000,
  })
  return retrying(failing, { policy: { attempts: 5, wait: async () => {}, random: () => random.next() } })
}

describe('tags, over stores that lose answers', () => {
  const { seed } = createRandom()
  it(`move once for each success and never for a conflict, with three hubs at once (seed ${seed})`, async () => {
    const memory = createMemoryStorage()
    const random = createRandom(seed)
    const ends = new Map<string, string>()

    async function act(tags: TagStore, who: number): Promise<void> {
      for (let i = 0; i < 30; i++) {
        const reason = `hub ${who} move ${i}`
        const to = sha256Hex(reason) as Digest
        const expected = random.chance(0.5)
          ? undefined
          : ((await tags.read(GEO, LATEST).catch(() => undefined))?.tag.digest ?? undefined)
        const change = { dataset: GEO, name: LATEST, to, who: 'ann', reason, action: 'tag' as const }
        const end = await moveTag(tags, change, expected).then(
          () => 'ok',
          (error: AetherError) => (error.detail.undone === 'true' ? 'undone' : error.code),
        )
        ends.set(reason, end)
      }
    }

    const hubs = [1, 2, 3].map((who) => act(createTagStore(overFlaky(memory, random), Date.now), who))
    await Promise.all(hubs)
    await checkMoves(memory, ends)
  })
})

async function checkMoves(memory: Storage, ends: Map<string, string>): Promise<void> {
  const tags = createTagStore(memory, Date.now)
  const moved = new Map<string, number>()
  let head: Digest | null | undefined = (await tags.read(GEO, LATEST))!.tag.digest
  for (let id: string | null = (await tags.read(GEO, LATEST))!.tag.log; id !== null; ) {
    const entry = await tags.readLog(GEO, id)
    moved.set(entry.reason, (moved.get(entry.reason) ?? 0) + 1)
    assert.equal(entry.to, head, 'each move begins where the one before it ended')
    head = entry.from
    id = entry.previous
  }
  for (const [reason, end] of ends) {
    const count = moved.get(reason) ?? 0
    if (end === 'ok') assert.equal(count, 1, `${reason} succeeded`)
    else if (end === 'conflict' || end === 'undone') assert.equal(count, 0, `${reason} ended with ${end}`)
    else assert.ok(end === 'unavailable' && count <= 1, `${reason} ended with ${end}`)
  }
  const found = Map.groupBy(ends.values(), (end) => end)
  assert.ok((found.get('ok')?.length ?? 0) > 30 && found.has('conflict'), JSON.stringify([...found.keys()]))
}

const hubs: Hub[] = []
after(() => Promise.all(hubs.map((hub) => hub.close())))

/** A hub over a store that fails the first writes to keys in which `part` stands. */
async function hubOver(part: string, ...failures: Failure[]) {
  const memory = createMemoryStorage()
  const puts: string[] = []
  const storage = wrapStorage(memory, async (call, perform) => {
    if (call.operation !== 'put' || !call.key.includes(part)) return perform(call.signal)
    puts.push(call.key)
    const failure = failures.shift()
    if (failure === undefined) return perform(call.signal)
    if (failure === 'lost') await perform(call.signal)
    throw away(failure)
  })
  const hub = await createHub({ storage })
  hubs.push(hub)
  return { hub, memory, puts }
}

const snapshot = await buildSnapshot({ 'a.txt': 'one', 'data.bin': sampleBytes(100_000, 'data') })
const [block] = snapshot.blocks

function upload(hub: Hub): Promise<string> {
  async function* body() {
    yield block!.bytes
  }
  return hub.uploadBlock(ANONYMOUS, GEO, block!.info.id, block!.bytes.length, body())
}

async function publish(hub: Hub) {
  const receipts = [await upload(hub)]
  const tags = [{ tag: LATEST, expected: 'none' as const }]
  return hub.publish(ANONYMOUS, { dataset: GEO, record: snapshot.bytes, receipts, bases: [], tags, reason: '' })
}

describe('a hub whose store loses answers', () => {
  for (const failure of ['lost', 'dropped'] as const) {
    it(`stores a block and gives its receipt: ${failure}`, async () => {
      const { hub, memory, puts } = await hubOver('blocks/', failure)
      assert.ok(await upload(hub))
      assert.equal(sha256Hex((await memory.get(keys.block(block!.info.id))).bytes) as BlockId, block!.info.id)
      assert.equal(puts.length, 2)
    })

    it(`publishes a snapshot, and knows that it was not there before: ${failure}`, async () => {
      const { hub } = await hubOver('/snapshots/', failure)
      assert.equal((await publish(hub)).existed, false)
      assert.equal((await publish(hub)).existed, true)
    })

    it(`moves a tag, with one entry in the log: ${failure}`, async () => {
      for (const part of ['/tags/', '/log/']) {
        const { hub, memory } = await hubOver(part, failure)
        const { tags } = await publish(hub)
        assert.deepEqual([tags[0]!.tag.digest, tags[0]!.previous], [snapshot.record.digest, undefined])
        assert.equal((await memory.list({ prefix: keys.log(GEO) })).objects.length, 1)
      }
    })

    it(`opens with one key for receipts: ${failure}`, async () => {
      const { hub, memory } = await hubOver(keys.receiptKey, failure)
      const other = await createHub({ storage: memory })
      hubs.push(other)
      const receipts = [await upload(hub)]
      const tags = [{ tag: LATEST, expected: undefined }]
      await other.publish(ANONYMOUS, { dataset: GEO, record: snapshot.bytes, receipts, bases: [], tags, reason: '' })
    })
  }

  it('gives no receipt for a block that surely is not there', async () => {
    const { hub, puts } = await hubOver('blocks/', 'refused')
    await assert.rejects(upload(hub), { code: 'unavailable' })
    assert.equal(puts.length, 1)
  })

  it('says that it does not know whether a tag moved', async () => {
    const { hub } = await hubOver('/tags/', 'dropped', 'dropped', 'dropped')
    await assert.rejects(publish(hub), {
      code: 'unavailable',
      message: /^It is not known whether the tag "latest" moved: /,
      hint: /Look where it points/,
    })
  })

  it('finds its own move under one that somebody else has made since', async () => {
    const { hub, memory } = await hubOver('/tags/')
    await publish(hub)
    const other = createTagStore(memory, Date.now)
    const change = { dataset: GEO, name: LATEST, who: 'ann', reason: '', action: 'tag' as const }
    let first = true
    const losing = wrapStorage(memory, async (call, perform) => {
      const answer = await perform(call.signal)
      if (call.operation !== 'put' || !call.key.includes('/tags/') || !first) return answer
      first = false
      await moveTag(other, { ...change, to: sha256Hex('theirs') as Digest }, undefined)
      throw away('lost')
    })
    const { tag } = await moveTag(
      createTagStore(losing, Date.now),
      { ...change, to: sha256Hex('ours') as Digest },
      undefined,
    )
    assert.equal(tag.digest, sha256Hex('ours'))
    assert.equal((await memory.list({ prefix: keys.log(GEO) })).objects.length, 3)
  })
})
