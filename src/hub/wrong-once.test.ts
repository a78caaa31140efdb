// Bytes that come wrong from the store once are read once more; what is damaged there stays an error.
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { createRandom, newSeed, type Random } from '../../test/testing/random.fixture.ts'
import type { Digest } from '../core/id.ts'
import type { DatasetName, TagName } from '../core/names.ts'
import { BLOCKS } from '../storage/keys.ts'
import { createMemoryStorage } from '../storage/memory.ts'
import type { Storage } from '../storage/storage.ts'
import { createHub } from './create-hub.ts'
import { ANONYMOUS, type Hub } from './hub.ts'
import { type BuiltSnapshot, buildSnapshot } from './snapshot.fixture.ts'

const GEO = 'geo' as DatasetName
const LATEST = 'latest' as TagName
const snapshot = await buildSnapshot({ 'a.txt': 'one', 'b.bin': new Uint8Array(5000) })
const digest: Digest = snapshot.record.digest

/** A store of which the next reads of what is named have one wrong bit each, as many as `flip` is told. */
function flipping(storage: Storage, { prefix = '', covered = Infinity }: Reading, seed: number) {
  const random = createRandom(seed)
  let left = 0
  async function get(...args: Parameters<Storage['get']>) {
    const object = await storage.get(...args)
    if (!args[0].startsWith(prefix) || left-- <= 0) return object
    return { ...object, bytes: oneBitOff(object.bytes, covered, random) }
  }
  function flip(times: number): void {
    left = times
  }
  return { storage: { ...storage, get }, flip }
}

function oneBitOff(bytes: Uint8Array, covered: number, random: Random): Uint8Array {
  const wrong = Uint8Array.from(bytes)
  const at = random.int(0, Math.min(covered, bytes.length) - 1)
  wrong[at] = wrong[at]! ^ (1 << random.int(0, 7))
  return wrong
}

async function publish(hub: Hub, { blocks, bytes }: BuiltSnapshot): Promise<void> {
  const upload = (block: (typeof blocks)[number]) =>
    hub.uploadBlock(ANONYMOUS, GEO, block.info.id, block.bytes.length, ReadableStream.from([block.bytes]))
  const receipts = await Promise.all(blocks.map(upload))
  await hub.publish(ANONYMOUS, {
    dataset: GEO,
    record: bytes,
    receipts,
    bases: [],
    tags: [{ tag: LATEST, expected: undefined }],
    reason: '',
  })
}

interface Reading {
  /** With what the keys begin that it is about. */
  prefix?: string
  /** Bytes at the beginning of an object, one of which comes wrong. @default all of them */
  covered?: number
  read(hub: Hub): Promise<unknown>
}

const reads: Record<string, Reading> = {
  tag: { read: (hub) => hub.getTag(ANONYMOUS, GEO, LATEST) },
  'log of a tag': { read: async (hub) => (await hub.listLog(ANONYMOUS, GEO, { limit: 10, tag: LATEST })).items },
  'log of a dataset': { read: async (hub) => (await hub.listLog(ANONYMOUS, GEO, { limit: 10 })).items },
  // That it is a record of this version: no hash covers its message, for one (docs/operating.md, "Checking a store").
  record: { covered: 5, read: (hub) => hub.readRecord(ANONYMOUS, GEO, digest) },
  block: { prefix: BLOCKS, read: (hub) => hub.readBlock(ANONYMOUS, GEO, digest, snapshot.blocks[0]!.info.id) },
}

const store = createMemoryStorage()
const publisher = await createHub({ storage: store })
await publish(publisher, snapshot)
after(() => publisher.close())

describe('a hub whose store gives wrong bytes', () => {
  for (const [what, reading] of Object.entries(reads)) {
    it(`reads the ${what} once more, and then says so`, async () => {
      const { read } = reading
      const right = await read(publisher)
      const first = newSeed()
      for (let seed = first; seed < first + 50; seed++) {
        const { storage, flip } = flipping(store, reading, seed)
        const heard: string[] = []
        const hub = await createHub({ storage, onWrongBytes: ({ code }) => heard.push(code) })
        flip(2)
        await assert.rejects(read(hub), { code: 'integrity' }, `seed ${seed}`)
        flip(1)
        assert.deepEqual(await read(hub), right, `seed ${seed}`)
        assert.deepEqual(heard, ['integrity', 'integrity'])
        await hub.close()
      }
    })
  }
})
