// The rules of the v1 API over a store in memory: who may see which block, for how long, and that all of it is checked.
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { AetherError } from '../../core/errors.ts'
import { parseDatasetName, type TagName } from '../../core/names.ts'
import { sampleBytes } from '../../core/sample.fixture.ts'
import { createMemoryStorage } from '../../storage/memory.ts'
import { createHub } from '../create-hub.ts'
import type { Caller, Hub } from '../hub.ts'
import type { Permit } from '../permit.ts'
import type { V1File } from './v1-hub.ts'

const DAY = 24 * 3600 * 1000
const GEO = { dataset: parseDatasetName('geo'), tag: 'latest' as TagName }
const SECRET = { dataset: parseDatasetName('secret'), tag: 'latest' as TagName }
const [ANN, BOB]: [Caller, Caller] = [{ subject: 'ann' }, { subject: 'bob' }]
const BYTES = sampleBytes(300_000, 'v1 hub')

/** Ann may do everything; Bob may push to all but "secret", of which he may know nothing. */
const permit: Permit = {
  mayPull: ({ subject }, dataset) => subject === 'ann' || dataset !== 'secret',
  check(caller, _action, dataset) {
    if (!this.mayPull(caller, dataset)) throw new AetherError('not-found', `There is no dataset "${dataset}"`)
  },
}

const storage = createMemoryStorage()
let later = 0
const hub = await createHub({ storage, permit, now: () => Date.now() + later })
after(() => hub.close())

async function* body(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

const upload = (caller: Caller, bytes: Uint8Array) => hub.v1.stageBlock(caller, body(bytes), {})

async function publish(caller: Caller, bytes: Buffer, tag = GEO, blockSize = 100_000): Promise<string[]> {
  const cuts = Array.from({ length: Math.ceil(bytes.length / blockSize) }, (_, i) => i * blockSize)
  const blocks: string[] = []
  for (const at of cuts) blocks.push(await upload(caller, bytes.subarray(at, at + blockSize)))
  const files: V1File[] = [
    { path: 'z', size: 150_000, modifiedMicros: 0 },
    { path: 'a', size: bytes.length - 150_000, modifiedMicros: 0 },
  ]
  await hub.v1.publish(caller, { files, blockSize, blocks }, [tag])
  return blocks
}

async function read(reader: Hub['v1'], caller: Caller, name: string): Promise<Buffer> {
  const block = await reader.openBlock(caller, name)
  return Buffer.concat(await Array.fromAsync(block.read(0, block.size)))
}

describe('blocks of v1', async () => {
  const blocks = await publish(ANN, BYTES, SECRET)

  it('are found by their signatures long after their publish, by who has published them', async () => {
    later = 10 * DAY
    for (const [i, block] of blocks.entries()) {
      assert.equal((await hub.v1.openBlock(ANN, block)).stays, true)
      assert.ok((await read(hub.v1, ANN, block)).equals(BYTES.subarray(i * 100_000, (i + 1) * 100_000)))
      await assert.rejects(hub.v1.openBlock(BOB, block), { code: 'not-found' })
    }
    const wanted = { signature: blocks[1]!, size: 100_000 }
    await assert.rejects(hub.v1.stageBlock(ANN, body(BYTES.subarray(100_000, 200_000)), wanted), { code: 'conflict' })
    later = 20 * DAY
    assert.equal((await hub.v1.openBlock(ANN, blocks[0]!)).stays, false)
    later = 31 * DAY
    await assert.rejects(hub.v1.openBlock(ANN, blocks[0]!), { code: 'not-found' })
    later = 0
  })

  it('have names that are no right to read them', async () => {
    const described = await hub.v1.describe(ANN, SECRET, { maxBytes: 1e6 })
    const [name = ''] = described.blocks
    assert.equal((await read(hub.v1, ANN, name)).length, 100_000)
    await assert.rejects(hub.v1.openBlock(BOB, name), { code: 'not-found' })
    await assert.rejects(hub.v1.describe(BOB, SECRET, { maxBytes: 1e6 }), { code: 'not-found' })
    await assert.rejects(hub.v1.publish(BOB, described, [GEO]), { code: 'not-found' })
  })

  it('are the same for another hub of the store', async () => {
    const other = await createHub({ storage, permit })
    const { blocks: names } = await hub.v1.describe(ANN, SECRET, { maxBytes: 1e6 })
    const content = Buffer.concat([BYTES.subarray(150_000), BYTES.subarray(0, 150_000)])
    const bytes = await Promise.all(names.map((name) => read(other.v1, ANN, name)))
    assert.ok(Buffer.concat(bytes).equals(content))
    const staged = await upload(ANN, Buffer.from('one more'))
    const files = [{ path: 'more', size: 8, modifiedMicros: 0 }]
    await other.v1.publish(ANN, { files, blockSize: 8, blocks: [staged] }, [GEO])
    await other.close()
  })

  it('are not taken from another caller', async () => {
    const block = await upload(ANN, Buffer.from('of ann'))
    const files = [{ path: 'a', size: 6, modifiedMicros: 0 }]
    await assert.rejects(hub.v1.publish(BOB, { files, blockSize: 6, blocks: [block] }, [GEO]), { code: 'not-found' })
  })

  it('are told of as far as they fit', async () => {
    await assert.rejects(hub.v1.describe(ANN, SECRET, { maxBytes: 100 }), { code: 'too-large' })
  })

  it('give no byte that is damaged in the store', async () => {
    const bytes = sampleBytes(300_000, 'to be damaged')
    await publish(ANN, bytes, { ...GEO, dataset: parseDatasetName('damaged') })
    const { blocks: names } = await hub.v1.describe(
      ANN,
      { ...GEO, dataset: parseDatasetName('damaged') },
      { maxBytes: 1e6 },
    )
    for (const { key } of (await storage.list({ prefix: 'blocks/' })).objects) {
      const stored = Buffer.from((await storage.get(key)).bytes)
      stored[Math.floor(stored.length / 2)]! ^= 1
      await storage.put(key, stored)
    }
    const outcomes = await Promise.allSettled(names.map((name) => read(hub.v1, ANN, name)))
    const failed = outcomes.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[]
    assert.ok(failed.length > 0)
    for (const { reason } of failed) assert.equal((reason as AetherError).code, 'integrity')
  })
})
