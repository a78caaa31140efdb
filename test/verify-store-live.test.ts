// `aetherfs verify --storage` that is interrupted and goes on, and on a store that hubs work on meanwhile.
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { AetherError } from '../src/core/errors.ts'
import { parseTagName } from '../src/core/names.ts'
import { createHub } from '../src/hub/create-hub.ts'
import { ANONYMOUS, type Hub } from '../src/hub/hub.ts'
import type { StoreReport } from '../src/hub/verify-store/report.ts'
import { keys } from '../src/storage/keys.ts'
import { createMemoryStorage } from '../src/storage/memory.ts'
import type { Storage } from '../src/storage/storage.ts'
import { checkFrom, checkStore, findingsOf } from './testing/checked-store.fixture.ts'
import { fillStore, MANY, publishOne } from './testing/many-snapshots.fixture.ts'
import { createRandom, newSeed, type Random } from './testing/random.fixture.ts'
import { listStore, readStoredRecord, storedTags } from './testing/stored.fixture.ts'
import { temporaryFolder } from './testing/temporary-folder.fixture.ts'
import { copyOf, dyingStorage, wrapStorage } from './testing/wrapped-storage.fixture.ts'

const SNAPSHOTS = 30

const original = createMemoryStorage()
await fillStore(original, SNAPSHOTS)

/** Damages or removes this many objects. */
async function damage(storage: Storage, random: Random, count: number): Promise<void> {
  const all = (await listStore(storage)).map((line) => line.split(' ')[0]!)
  for (let i = 0; i < count; i++) {
    const key = random.pick(all)
    if (random.chance(0.5)) await storage.delete(key)
    else await storage.put(key, Buffer.from('damaged'))
  }
}

function counted(storage: Storage): { storage: Storage; gets: () => number } {
  let gets = 0
  const wrapped = wrapStorage(storage, (call, _key, perform) => {
    if (call === 'get') gets++
    return perform()
  })
  return { storage: wrapped, gets: () => gets }
}

/** What does not depend on when and how often a check was begun. */
function resultOf({ begun: _, resumed: __, ...result }: StoreReport): unknown {
  return result
}

describe('a check that is interrupted', () => {
  it('finds the same as one that is not, and reads only the rest', async () => {
    const random = createRandom(newSeed())
    console.log(`seed ${random.seed}`)
    await using folder = await temporaryFolder()
    for (let round = 0; round < 4; round++) {
      const damaged = await copyOf(original)
      await damage(damaged, random, random.int(0, 12))
      const files = random.chance(0.5)
      const whole = counted(damaged)
      const expected = await checkStore(whole.storage, { files })

      const state = folder.at(`state-${round}`)
      const parts = counted(damaged)
      const { storage, dieAfter, revive } = dyingStorage(parts.storage, ['get', 'list'])
      let interruptions = 0
      let report: StoreReport | undefined
      while (report === undefined) {
        dieAfter(random.int(1, 60), random.pick(['before', 'after'] as const))
        report = await checkFrom(state, storage, { files }).catch(unlessAway)
        if (report === undefined) interruptions++
        revive()
      }
      assert.deepEqual(resultOf(report), resultOf(expected))
      assert.equal(report.resumed, interruptions > 0)
      // Up to 16 reads are under way when the store goes away, and one object is being looked at.
      assert.ok(parts.gets() <= whole.gets() + 20 * interruptions, `${parts.gets()} of ${whole.gets()}`)
    }
  })

  it('goes on after it was stopped', async () => {
    await using folder = await temporaryFolder()
    const stop = new AbortController()
    let calls = 0
    const { storage, gets } = counted(original)
    const stopping = wrapStorage(storage, (_call, _key, perform) => {
      if (calls++ === 100) stop.abort(new AetherError('cancelled', 'Stopped'))
      return perform()
    })
    await assert.rejects(checkFrom(folder.at('state'), stopping, { signal: stop.signal }), { code: 'cancelled' })
    const before = gets()
    const report = await checkFrom(folder.at('state'), storage)
    assert.ok(report.ok && report.resumed)
    assert.equal(report.counts.block.objects, SNAPSHOTS)
    const objects = (await listStore(original)).length
    assert.ok(gets() - before < objects - 60, `${gets() - before} of ${objects}`)
  })

  it('takes in what hubs have stored between its parts', async () => {
    await using folder = await temporaryFolder()
    const store = await copyOf(original)
    const { storage, dieAfter, revive } = dyingStorage(store, ['get'])
    dieAfter(SNAPSHOTS + 20, 'before')
    assert.equal(await checkFrom(folder.at('state'), storage).catch(unlessAway), undefined)
    revive()
    const hub = await createHub({ storage: store })
    for (let i = 0; i < 20; i++) await publishOne(hub, MANY, `new-${i}`, ['latest', `new-${i}`])
    await hub.close()
    const report = await checkFrom(folder.at('state'), storage)
    assert.deepEqual(findingsOf(report), [])
    await rm(folder.at('state'))
  })
})

function unlessAway(error: unknown): undefined {
  if (!(error instanceof AetherError && error.code === 'unavailable')) throw error
}

/** What may happen to a store while it is checked. */
const ACTIONS: ((hub: Hub, storage: Storage, random: Random) => Promise<unknown>)[] = [
  (hub, _, random) => publishOne(hub, MANY, `${random.next()}`, [`t${random.int(0, 999_999)}`, 'latest']),
  (hub) => hub.rollBackTag(ANONYMOUS, MANY, parseTagName('latest'), {}),
  async (hub, storage, random) => {
    const digest = random.pick([...(await storedTags(storage)).values()])
    await hub.moveTag(ANONYMOUS, MANY, parseTagName('latest'), digest, {})
  },
  async (hub, storage, random) => {
    const [name] = random.pick([...(await storedTags(storage))])
    await hub.deleteTag(ANONYMOUS, MANY, parseTagName(name.split(':')[1]!), {})
  },
  removeSnapshot,
]

/** As a garbage collector would: no tag, no record, no blocks, in this order. */
async function removeSnapshot(hub: Hub, storage: Storage, random: Random): Promise<void> {
  const before = await storedTags(storage)
  const digest = random.pick([...before.values()])
  for (const [name, target] of before)
    if (target === digest) await hub.deleteTag(ANONYMOUS, MANY, parseTagName(name.split(':')[1]!), {})
  const { blocks } = await readStoredRecord(storage, MANY, digest)
  await storage.delete(keys.snapshot(MANY, digest))
  for (const { id } of blocks) await storage.delete(keys.block(id))
}

describe('a check of a store in use', () => {
  it('takes no move, no publish and no removal for damage', async () => {
    const random = createRandom(newSeed())
    console.log(`seed ${random.seed}`)
    for (let round = 0; round < 4; round++) {
      const store = await copyOf(original)
      const hub = await createHub({ storage: store })
      let last: Promise<unknown> = Promise.resolve()
      const busy = wrapStorage(store, async (_call, _key, perform) => {
        if (random.chance(0.08)) {
          // What a hub refuses, such as rolling back a tag that was removed, does not matter here.
          last = last.then(() => random.pick(ACTIONS)(hub, store, random)).catch(unlessRefused)
          await last
        }
        return perform()
      })
      const report = await checkStore(busy, { files: random.chance(0.5) })
      await last
      assert.deepEqual(findingsOf(report), [])
      await hub.close()
    }
  })

  it('does not tell of damage that was mended meanwhile', async () => {
    const store = await copyOf(original)
    const tag = [...(await storedTags(store))][0]!
    const [block] = (await readStoredRecord(store, MANY, tag[1])).blocks
    const key = keys.block(block!.id)
    const { bytes } = await store.get(key)
    await store.put(key, Buffer.from('damaged'))
    let reads = 0
    const mended = wrapStorage(store, async (call, name, perform) => {
      if (call === 'get' && name === key && reads++ === 1) await store.put(key, bytes)
      return perform()
    })
    const report = await checkStore(mended)
    assert.deepEqual(findingsOf(report), [])
    assert.equal(report.unusedBlocks.objects, 0)
  })
})

function unlessRefused(error: unknown): void {
  if (!(error instanceof AetherError && ['not-found', 'conflict'].includes(error.code))) throw error
}
