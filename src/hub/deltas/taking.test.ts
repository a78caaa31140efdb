import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { chunkCount, chunkIdAt, decodeTail } from '../../core/block.ts'
import { sourceOf } from '../../core/delta/delta.fixture.ts'
import type { DeltaHeader } from '../../core/delta/delta-format.ts'
import { encodeDelta } from '../../core/delta/encode.ts'
import { AetherError } from '../../core/errors.ts'
import { createExtentsBuilder } from '../../core/extents.ts'
import { chunksOf } from '../../core/plan.ts'
import { blockStream, encodeRecord } from '../../core/record.ts'
import { sampleBytes, sampleText } from '../../core/sample.fixture.ts'
import { keys } from '../../storage/keys.ts'
import { createMemoryStorage } from '../../storage/memory.ts'
import { ANONYMOUS, type Caller, type Hub, type TakenBlock } from '../hub.ts'
import { type BuiltSnapshot, buildSnapshot } from '../snapshot.fixture.ts'
import { GEO, LATEST, openDeltaHub, pieceOf, publish, readAll } from './deltas.fixture.ts'

const MiB = 1024 * 1024
type Files = Record<string, Uint8Array | string>

interface Version {
  files: Files
  snapshot: BuiltSnapshot
  image: Buffer
}

async function versionOf(files: Files): Promise<Version> {
  const snapshot = await buildSnapshot(files)
  const { listing, times } = snapshot.record
  const content = Object.keys(files)
    .sort()
    .map((path) => Buffer.from(files[path]!))
  return { files, snapshot, image: Buffer.concat([listing.inline, times.inline, ...content]) }
}

const lengthsOf = ({ snapshot: { record } }: Version) => ({
  listing: record.listing.length,
  times: record.times.length,
  content: record.content.length,
})

function headerOf(from: Version, to: Version): DeltaHeader {
  const digests = { from: from.snapshot.record.digest, to: to.snapshot.record.digest }
  return { ...digests, fromLengths: lengthsOf(from), toLengths: lengthsOf(to) }
}

function deltaOf(from: Version, to: Version, header = headerOf(from, to), image = to.image): Promise<Buffer> {
  return readAll(encodeDelta({ header, from: sourceOf(from.image), to: sourceOf(image), anchors: [], hints: [] }))
}

const large = sampleBytes(2 * MiB, 'large')
const edited = Buffer.concat([large.subarray(0, 700_000), Buffer.from('new bytes'), large.subarray(700_000)])
const notes = Object.fromEntries(
  Array.from({ length: 300 }, (_, i) => [`notes/${String(i).padStart(3, '0')}`, sampleText(900 + i, `note ${i}`)]),
)
const before = await versionOf({
  ...notes,
  'a.bin': large,
  'b.txt': sampleText(100_000, 'b'),
  'same.bin': sampleBytes(500_000, 'same'),
})
const after = await versionOf({
  ...notes,
  'notes/150': 'changed',
  'a.bin': edited,
  'c.txt': sampleText(100_000, 'b'),
  'same.bin': sampleBytes(500_000, 'same'),
  'z.bin': sampleBytes(300_000, 'z'),
})
const good = await deltaOf(before, after)
const [FROM, TO] = [before.snapshot.record.digest, after.snapshot.record.digest]

async function openWithBase(storage = createMemoryStorage()) {
  const opened = await openDeltaHub(storage)
  await publish(opened.hub, [before.snapshot])
  return opened
}

function take(hub: Hub, delta: Uint8Array, { to = TO, from = FROM, caller = ANONYMOUS as Caller } = {}) {
  return hub.takeDelta(caller, GEO, from, to, delta.length, pieceOf(delta))
}

/** Publishes a snapshot whose chunks lie in blocks of the old one and in those that the hub gave. */
async function publishTaken(hub: Hub, version: Version, base: Version, taken: TakenBlock[]): Promise<void> {
  const { record } = version.snapshot
  const places = new Map<string, { block: number; chunk: number }>()
  const infos = [...base.snapshot.record.blocks, ...taken.map(({ info }) => info)]
  const tails = [
    ...base.snapshot.blocks.map((b) => b.bytes.subarray(-b.info.tailSize)),
    ...taken.map(({ tail }) => tail),
  ]
  for (const [block, tail] of tails.entries()) {
    const index = decodeTail(tail, infos[block]!.size)
    for (let chunk = 0; chunk < chunkCount(index); chunk++)
      if (!places.has(chunkIdAt(index, chunk))) places.set(chunkIdAt(index, chunk), { block, chunk })
  }
  const extents = createExtentsBuilder()
  const own = record.blocks.map((_, i) => {
    const { bytes, info } = version.snapshot.blocks[i]!
    return decodeTail(bytes.subarray(-info.tailSize), info.size)
  })
  for (const { id, length } of chunksOf(record.content.extents, (i) => own[i]!)) {
    const place = places.get(id)
    assert.ok(place, `chunk ${id} is in no block`)
    extents.add(place.block, place.chunk, length)
  }
  const receipts = taken.map(({ receipt }) => receipt)
  const bytes = encodeRecord({ ...record, blocks: infos, content: blockStream(extents.finish()) })
  const bases = [{ dataset: GEO, digest: base.snapshot.record.digest }]
  await hub.publish(ANONYMOUS, {
    dataset: GEO,
    record: bytes,
    receipts,
    bases,
    tags: [{ tag: LATEST, expected: undefined }],
    reason: '',
  })
}

describe('takeDelta', () => {
  it('puts what is new into blocks with which the snapshot can be published', async () => {
    const { hub, storage } = await openWithBase()
    const taken = await take(hub, good)
    const stored = taken.reduce((sum, { info }) => sum + info.size, 0)
    assert.ok(stored < 600_000, String(stored)) // 300 kB of z.bin, the cut chunk of a.bin, that of the notes
    await publishTaken(hub, after, before, taken)
    const image = await hub.readDelta(ANONYMOUS, GEO, FROM, TO)
    assert.ok(image.stored)
    assert.ok((await readAll(image.read())).equals(good))
    assert.ok((await storage.head(keys.delta(GEO, FROM, TO)))!.size === good.length)
  })

  it('works for every pair of small datasets, also when nothing is new', async () => {
    const trees: Files[] = [
      {},
      { a: '' },
      { a: 'x' },
      { a: 'x', b: 'y'.repeat(40_000) },
      { a: 'y'.repeat(40_000), b: 'x' },
      { a: large.subarray(0, 300_000), b: large.subarray(0, 200_000) },
      { b: large.subarray(0, 300_000), c: large.subarray(100_000, 300_000) },
    ]
    const versions = await Promise.all(trees.map(versionOf))
    const { hub } = await openDeltaHub()
    await publish(
      hub,
      versions.map(({ snapshot }) => snapshot),
    )
    for (const from of versions) {
      for (const to of versions) {
        if (from === to) continue
        const digests = { from: from.snapshot.record.digest, to: to.snapshot.record.digest }
        const taken = await take(hub, await deltaOf(from, to), digests)
        await publishTaken(hub, to, from, taken)
      }
    }
  })

  it('refuses what does not make the snapshot', async () => {
    const { hub, storage } = await openWithBase()
    const other = { ...after, snapshot: before.snapshot }
    const flipped = Buffer.from(after.image)
    flipped[flipped.length - 5]! ^= 1
    const flippedCopy = Buffer.from(after.image)
    flippedCopy[flippedCopy.length - 300_000 - 100_000 - 50]! ^= 1 // in same.bin
    const header = headerOf(before, after)
    const evil: [string, Uint8Array][] = [
      ['nothing at all', Buffer.from('x')],
      ['a cut one', good.subarray(0, -40)],
      ['a bit flipped in the middle', good.with(good.length >> 1, good[good.length >> 1]! ^ 1)],
      ['another checksum', good.with(good.length - 1, good.at(-1)! ^ 1)],
      ['bytes behind the end', Buffer.concat([good, Buffer.from('x')])],
      ['a delta to another snapshot', await deltaOf(before, other)],
      ['a file with other bytes', await deltaOf(before, after, header, flipped)],
      ['a copied file with other bytes', await deltaOf(before, after, header, flippedCopy)],
      [
        'another listing',
        await deltaOf(before, after, header, Buffer.concat([Buffer.from('A'), after.image.subarray(1)])),
      ],
      [
        'lengths of another base',
        await deltaOf(before, after, {
          ...header,
          fromLengths: {
            ...header.fromLengths,
            times: header.fromLengths.times + 1,
            content: header.fromLengths.content - 1,
          },
        }),
      ],
    ]
    for (const [what, delta] of evil) await assert.rejects(take(hub, delta), { code: 'integrity' }, what)
    assert.equal(await storage.head(keys.delta(GEO, FROM, TO)), undefined)
    await take(hub, good)
  })

  it('refuses a delta that asks for much more than it brings', async () => {
    const { hub } = await openWithBase()
    const header = headerOf(before, after)
    const content = 5 * 1024 ** 4
    const delta = await deltaOf(before, after, { ...header, toLengths: { ...header.toLengths, content } })
    await assert.rejects(take(hub, delta), { code: 'too-large' })
    const [one, two] = [await versionOf({ a: 'one' }), await versionOf({ a: 'two' })]
    await publish(hub, [one.snapshot])
    const small = headerOf(one, two)
    const books = await deltaOf(one, two, { ...small, toLengths: { ...small.toLengths, listing: 256 * MiB } })
    await assert.rejects(take(hub, books, small), { code: 'too-large' })
    await assert.rejects(hub.takeDelta(ANONYMOUS, GEO, FROM, TO, 2 ** 40, pieceOf(good)), { code: 'too-large' })
  })

  it('needs the base, and the right to push and pull', async () => {
    const { hub, storage } = await openWithBase()
    await assert.rejects(take(hub, good, { from: TO, to: FROM }), { code: 'not-found' })
    for (const refused of ['push', 'pull']) {
      const check = (_: Caller, action: string) => {
        if (action === refused) throw new AetherError('denied', `No ${action}`)
      }
      const strict = await openDeltaHub(storage, { permit: { check, mayPull: () => true } })
      await assert.rejects(take(strict.hub, good), { code: 'denied' })
    }
  })

  it('takes a body of just the announced length', async () => {
    const { hub } = await openWithBase()
    for (const size of [good.length - 1, good.length + 1])
      await assert.rejects(hub.takeDelta(ANONYMOUS, GEO, FROM, TO, size, pieceOf(good)), { code: 'integrity' })
  })

  it('stops when the client goes away', async () => {
    const storage = createMemoryStorage()
    const gone = new AbortController()
    let armed = false
    const get: typeof storage.get = (key, options) => {
      if (armed && key.startsWith('blocks/')) gone.abort()
      return storage.get(key, options)
    }
    const { hub } = await openWithBase({ ...storage, get })
    armed = true
    const taking = hub.takeDelta(ANONYMOUS, GEO, FROM, TO, good.length, pieceOf(good), { signal: gone.signal })
    await assert.rejects(taking, { code: 'cancelled' })
    assert.equal(await storage.head(keys.delta(GEO, FROM, TO)), undefined)
  })

  it('gives receipts that are good for the caller alone', async () => {
    const { hub } = await openWithBase()
    const taken = await take(hub, good, { caller: { subject: 'ann' } })
    await assert.rejects(publishTaken(hub, after, before, taken), { code: 'denied' })
  })
})
