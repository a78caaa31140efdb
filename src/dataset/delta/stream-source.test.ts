import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { createRandom } from '../../../test/testing/random.fixture.ts'
import { createBlockReader } from '../block-reader.ts'
import { type Stored, storedSample, storeOf } from '../read-cache/read-cache.fixture.ts'
import { createFrameSpill, type FrameSpill } from './frame-spill.ts'
import { openStreamSource } from './stream-source.ts'

describe('openStreamSource', () => {
  let store: Stored
  before(async () => {
    store = storeOf(await storedSample(10_000_000)) // more than the frames that are kept
  })

  function open(spill?: FrameSpill) {
    const { record, fetch } = store
    return openStreamSource(record.blocks, record.content.extents, createBlockReader(fetch), spill)
  }

  /** On from the last place, back to an earlier one, or anywhere. */
  async function compareReads(source: ReturnType<typeof open>): Promise<void> {
    const random = createRandom()
    console.log(`seed ${random.seed}`)
    let at = 0
    for (let i = 0; i < 150; i++) {
      const length = random.int(1, 400_000)
      if (at + length > source.length || random.chance(1 / 4)) at = random.int(0, source.length - length)
      const bytes = await source.read(at, length)
      assert.ok(store.content.subarray(at, at + length).equals(bytes), `${length} bytes from ${at}, read ${i}`)
      at = random.chance(1 / 4) ? Math.max(0, at - 300_000) : at + length
    }
  }

  it('gives the bytes of the content, wherever it is read', () => compareReads(open()))

  it('does so with a file for frames, also when that is full', async () => {
    for (const most of [1_000_000, 100_000_000]) {
      using spill = createFrameSpill({ most })
      await compareReads(open(spill))
    }
  })

  it('decodes the last frame of a block again, which was decoded ahead once', async () => {
    const source = open()
    await source.read(source.length - 1_000_000, 1_000_000)
    // Backwards, so that nothing is decoded ahead meanwhile, until all that was kept is forgotten.
    for (let at = source.length - 1_500_000; at >= 0; at -= 300_000) await source.read(at, 1)
    assert.ok(store.content.subarray(-1000).equals(await source.read(source.length - 1000, 1000)))
  })
})
