import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Digest, sha256Hex } from '../../core/id.ts'
import type { DatasetName, TagName } from '../../core/names.ts'
import { keys } from '../../storage/keys.ts'
import { createMemoryStorage } from '../../storage/memory.ts'
import { ANONYMOUS } from '../hub.ts'
import { buildSnapshot } from '../snapshot.fixture.ts'
import { createBackground, type Move } from './background.ts'
import { GEO, LATEST, openDeltaHub, publish } from './deltas.fixture.ts'

function move(from: number, to = from + 1): Move {
  const digest = (of: number) => sha256Hex(String(of)) as Digest
  return { dataset: 'geo' as DatasetName, from: digest(from), to: digest(to) }
}

describe('createBackground', () => {
  it('makes one after the other, each once, also behind one that fails', async () => {
    const made: Move[] = []
    const turns = Promise.withResolvers<void>()
    const last = Promise.withResolvers<void>()
    const background = createBackground(async (one) => {
      made.push(one)
      if (made.length === 1) await turns.promise
      if (made.length === 2) throw new Error('failed')
      if (made.length === 3) last.resolve()
    })
    for (const from of [1, 2, 2, 3]) background.add(move(from))
    assert.deepEqual(made, [move(1)])
    turns.resolve()
    await last.promise
    assert.deepEqual(made, [move(1), move(2), move(3)])
  })

  it('takes no more than so many, and none once it is closed', async () => {
    const made: Move[] = []
    const turn = Promise.withResolvers<void>()
    const background = createBackground(async (one) => {
      made.push(one)
      await turn.promise
    })
    for (let i = 0; i < 100; i++) background.add(move(i))
    turn.resolve()
    while (made.length < 17) await null
    for (let i = 0; i < 100; i++) await null
    assert.equal(made.length, 17)
    background.close()
    background.add(move(200))
    assert.equal(made.length, 17)
  })
})

describe('a channel that moves', () => {
  const trees = ['one', 'two', 'three'].map((a) => buildSnapshot({ a }))

  async function moved(background: boolean) {
    const snapshots = await Promise.all(trees)
    const [one, two, three] = snapshots.map(({ record }) => record.digest) as [Digest, Digest, Digest]
    const storage = createMemoryStorage()
    const made = Promise.withResolvers<void>()
    let count = 0
    const onEncoded = () => void (++count === 3 && made.resolve())
    const { hub } = await openDeltaHub(storage, { deltas: { background, onEncoded } })
    await publish(hub, snapshots)
    await hub.moveTag(ANONYMOUS, GEO, 'v1' as TagName, one, {})
    await hub.moveTag(ANONYMOUS, GEO, LATEST, one, {})
    return {
      storage,
      made: made.promise,
      expected: [keys.delta(GEO, one, two), keys.delta(GEO, two, three), keys.delta(GEO, three, one)],
    }
  }
  const list = async (storage: ReturnType<typeof createMemoryStorage>) =>
    (await storage.list({ prefix: 'deltas/' })).objects.map(({ key }) => key)

  it('gets a delta from where it was, by a publish and by a move', async () => {
    const { storage, made, expected } = await moved(true)
    await made
    assert.deepEqual(await list(storage), expected.sort())
  })

  it('gets none when that is switched off', async () => {
    const { storage } = await moved(false)
    assert.deepEqual(await list(storage), [])
  })
})
