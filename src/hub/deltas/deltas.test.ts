import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openDelta } from '../../core/delta/apply.ts'
import { sourceOf } from '../../core/delta/delta.fixture.ts'
import { AetherError } from '../../core/errors.ts'
import { sampleBytes } from '../../core/sample.fixture.ts'
import { keys } from '../../storage/keys.ts'
import { createMemoryStorage } from '../../storage/memory.ts'
import { ANONYMOUS, type Delta, type Hub, type ReadDeltaOptions } from '../hub.ts'
import { type BuiltSnapshot, buildSnapshot } from '../snapshot.fixture.ts'
import { GEO, openDeltaHub, publish, readAll } from './deltas.fixture.ts'

const MiB = 1024 * 1024

/** Files of which the second version differs a little, in many chunks. */
function versions(bytes: number, seed = 'data') {
  const big = sampleBytes(bytes, seed)
  const edited = Buffer.from(big)
  for (let at = 1000; at < bytes; at += 40_000) edited.set([1, 2, 3], at)
  const files = (data: Uint8Array, text: string) => ({ 'a.txt': text, 'big.bin': data })
  return { before: files(big, 'one'), after: files(edited, 'two') }
}

const small = versions(3 * MiB)
const [one, two] = [await buildSnapshot(small.before), await buildSnapshot(small.after)]
const noise = await buildSnapshot({ 'a.txt': 'three', 'big.bin': sampleBytes(3 * MiB, 'other') })
const KEY = keys.delta(GEO, one.record.digest, two.record.digest)

function read(hub: Hub, from = one, to = two, options: ReadDeltaOptions = {}): Promise<Delta> {
  return hub.readDelta(ANONYMOUS, GEO, from.record.digest, to.record.digest, options)
}

/** The image of a snapshot that was built from these files. */
function imageOf({ record }: BuiltSnapshot, files: Record<string, Uint8Array | string>): Buffer {
  const content = Object.keys(files)
    .sort()
    .map((path) => Buffer.from(files[path]!))
  return Buffer.concat([record.listing.inline, record.times.inline, ...content])
}

async function applied(delta: Uint8Array, image: Buffer): Promise<Buffer> {
  const opened = await openDelta(
    (async function* () {
      yield delta
    })(),
  )
  const parts: Uint8Array[] = []
  for await (const piece of opened.pieces(sourceOf(image)))
    parts.push(
      'bytes' in piece ? Buffer.from(piece.bytes) : image.subarray(piece.copyFrom, piece.copyFrom + piece.length),
    )
  return Buffer.concat(parts)
}

async function stored(hub: Hub, from = one, to = two): Promise<Buffer> {
  await readAll((await read(hub, from, to)).read())
  for (;;) {
    const delta = await read(hub, from, to)
    const bytes = await readAll(delta.read())
    if (delta.stored) return bytes
  }
}

describe('readDelta', () => {
  it('makes one that leads from the old image to the new one, and keeps it', async () => {
    const { hub, storage, encoded } = await openDeltaHub()
    await publish(hub, [one, two])
    const first = await read(hub)
    assert.equal(first.stored, undefined)
    const bytes = await readAll(first.read())
    assert.ok(bytes.length < 100_000, String(bytes.length))
    assert.ok((await applied(bytes, imageOf(one, small.before))).equals(imageOf(two, small.after)))
    assert.ok((await stored(hub)).equals(bytes))
    assert.ok(bytes.equals((await storage.get(KEY)).bytes))
    assert.deepEqual(
      encoded.map(({ outcome, bytes: n }) => [outcome, n]),
      [['stored', bytes.length]],
    )
    const again = await read(hub)
    assert.deepEqual(again.stored, { size: bytes.length, sum: bytes.subarray(-32).toString('hex') })
    assert.ok((await readAll(again.read({ offset: 10, length: 100 }))).equals(bytes.subarray(10, 110)))
  })

  it('is made once however many ask, and all get the bytes', async () => {
    const { hub, encoded } = await openDeltaHub()
    await publish(hub, [one, two])
    const all = await Promise.all(Array.from({ length: 8 }, async () => readAll((await read(hub)).read())))
    for (const bytes of all) assert.ok(bytes.equals(all[0]!))
    await stored(hub)
    assert.equal(encoded.length, 1)
  })

  it('goes on being made when nobody waits for it any more', async () => {
    const { hub, encoded } = await openDeltaHub()
    await publish(hub, [one, two])
    const gone = new AbortController()
    const asked = read(hub, one, two, { signal: gone.signal })
    gone.abort()
    await assert.rejects(asked, (error: unknown) => error instanceof Error)
    const delta = await read(hub)
    for await (const _ of delta.read()) break
    await stored(hub)
    assert.deepEqual(
      encoded.map(({ outcome }) => outcome),
      ['stored'],
    )
  })

  it('is made by two hubs of one store at once without harm', async () => {
    const storage = createMemoryStorage()
    const hubs = [await openDeltaHub(storage), await openDeltaHub(storage)]
    await publish(hubs[0]!.hub, [one, two])
    const all = await Promise.all(hubs.map(async ({ hub }) => readAll((await read(hub)).read())))
    assert.ok(all[0]!.equals(all[1]!))
    await Promise.all(hubs.map(({ hub }) => stored(hub)))
    assert.deepEqual(
      hubs.map(({ encoded }) => encoded.map(({ outcome }) => outcome)),
      [['stored'], ['stored']],
    )
  })

  it('is given up, and not tried again, when the content is all new and does not compress', async () => {
    const { hub, storage, encoded } = await openDeltaHub()
    await publish(hub, [one, noise])
    for (const _ of [1, 2]) await assert.rejects(read(hub, one, noise), { code: 'not-found', message: /worth having/ })
    assert.deepEqual(
      encoded.map(({ outcome }) => outcome),
      ['given-up'],
    )
    assert.deepEqual((await storage.list({ prefix: 'deltas/' })).objects, [])
  })

  it('asks the store in large ranges', async () => {
    const storage = createMemoryStorage()
    const sizes: number[] = []
    const get: typeof storage.get = async (key, options) => {
      const object = await storage.get(key, options)
      if (key.startsWith('blocks/')) sizes.push(object.bytes.length)
      return object
    }
    const large = versions(24 * MiB, 'large')
    const pair = [await buildSnapshot(large.before), await buildSnapshot(large.after)] as const
    const { hub } = await openDeltaHub({ ...storage, get })
    await publish(hub, pair)
    sizes.length = 0
    await readAll((await read(hub, ...pair)).read())
    const walked = 3 * 24 * MiB // the old content once more for its fingerprints
    assert.ok(sizes.length <= walked / (2 * MiB) + 12, `${sizes.length} reads`)
  })

  it('is not given to those who may not pull the dataset, and not for snapshots of another one', async () => {
    const storage = createMemoryStorage()
    const open = await openDeltaHub(storage)
    await publish(open.hub, [one, two])
    await publish(open.hub, [one], 'other' as typeof GEO)
    await stored(open.hub)
    const refuse = () => {
      throw new AetherError('not-found', 'There is no such dataset')
    }
    const { hub } = await openDeltaHub(storage, { permit: { check: refuse, mayPull: () => false } })
    await assert.rejects(read(hub), { code: 'not-found', message: /no such dataset/ })
    const other = open.hub.readDelta(ANONYMOUS, 'other' as typeof GEO, one.record.digest, two.record.digest)
    await assert.rejects(other, { code: 'not-found', message: /no snapshot/ })
  })

  it('leaves nothing behind when the hub ends in the middle', async () => {
    const storage = createMemoryStorage()
    const held = Promise.withResolvers<never>()
    const begun = Promise.withResolvers<void>()
    let hold = false
    const get: typeof storage.get = (key, options) => {
      if (!hold || !key.startsWith('blocks/')) return storage.get(key, options)
      begun.resolve()
      return held.promise
    }
    const { hub, encoded } = await openDeltaHub({ ...storage, get })
    await publish(hub, [one, two])
    hold = true
    const waiting = assert.rejects(read(hub), { code: 'cancelled' })
    await begun.promise
    await hub.close()
    await waiting
    assert.deepEqual((await storage.list({ prefix: 'deltas/' })).objects, [])
    assert.deepEqual(
      encoded.map(({ outcome }) => outcome),
      ['failed'],
    )
  })

  it('tells of a damaged block, and of a store that is away', async () => {
    for (const [code, spoil] of [
      ['integrity', true],
      ['unavailable', false],
    ] as const) {
      const storage = createMemoryStorage()
      let broken = false
      const get: typeof storage.get = async (key, options) => {
        if (!broken || !key.startsWith('blocks/')) return storage.get(key, options)
        if (!spoil) throw new AetherError('unavailable', 'away')
        const object = await storage.get(key, options)
        return { ...object, bytes: object.bytes.map((byte) => byte ^ 1) }
      }
      const { hub } = await openDeltaHub({ ...storage, get })
      await publish(hub, [one, two])
      broken = true
      await assert.rejects(read(hub), { code })
      broken = false
      await stored(hub) // the next one tries again
    }
  })
})

describe('a stored delta that is damaged', () => {
  async function withDamage(spoil: (bytes: Uint8Array) => Uint8Array) {
    const { hub, storage, encoded } = await openDeltaHub()
    await publish(hub, [one, two])
    const good = await stored(hub)
    await storage.put(KEY, spoil(Uint8Array.from(good)))
    return { hub, storage, good, encoded }
  }
  const flip = (bytes: Uint8Array) => bytes.with(150, bytes[150]! ^ 1)

  it('never comes to its end, and is removed', async () => {
    const { hub, storage, good } = await withDamage(flip)
    const delta = await read(hub)
    assert.ok(delta.stored)
    await assert.rejects(readAll(delta.read()), { code: 'integrity' })
    assert.equal(await storage.head(KEY), undefined)
    assert.ok((await stored(hub)).equals(good))
  })

  it('is made anew for a caller who suspects it; a sound one stays', async () => {
    const { hub, good, encoded } = await withDamage(flip)
    const delta = await read(hub, one, two, { suspect: true })
    assert.equal(delta.stored, undefined)
    assert.ok((await readAll(delta.read())).equals(good))
    await stored(hub)
    assert.ok((await read(hub, one, two, { suspect: true })).stored)
    assert.equal(encoded.length, 2)
  })

  for (const [what, spoil] of [
    ['is empty', () => new Uint8Array()],
    ['has no header', () => new Uint8Array(1000)],
    ['is between other snapshots', (bytes: Uint8Array) => bytes.with(10, bytes[10]! ^ 1)],
  ] as const) {
    it(`is made anew at once when it ${what}`, async () => {
      const { hub, good } = await withDamage(spoil)
      assert.ok((await stored(hub)).equals(good))
    })
  }
})
