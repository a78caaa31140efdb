// `aetherfs verify --storage`: every kind of damage is found and named, with the tags that it touches, and nothing else is.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { deltaOf, headerOf } from '../src/core/delta/delta.fixture.ts'
import { type Digest, sha256Hex } from '../src/core/id.ts'
import type { DatasetName } from '../src/core/names.ts'
import { parseDatasetName } from '../src/core/names.ts'
import { decodeRecord, encodeRecord, type SnapshotRecord } from '../src/core/record.ts'
import { MAX_RECORD } from '../src/core/record-bounds.ts'
import { buildSnapshot } from '../src/hub/snapshot.fixture.ts'
import { encodeJson } from '../src/hub/stored-json.ts'
import { keys } from '../src/storage/keys.ts'
import { createMemoryStorage } from '../src/storage/memory.ts'
import type { Storage } from '../src/storage/storage.ts'
import { checkStore, findingsOf } from './testing/checked-store.fixture.ts'
import { EVIL_BLOCKS } from './testing/evil-blocks.fixture.ts'
import { EVIL_LISTINGS, recordOfListing } from './testing/evil-records.fixture.ts'
import { createRandom, newSeed, randomBytesOf } from './testing/random.fixture.ts'
import { listStore, storedTags } from './testing/stored.fixture.ts'
import { file, type Tree, writeTree } from './testing/tree.fixture.ts'
import { openWorld } from './testing/world.fixture.ts'
import { copyOf } from './testing/wrapped-storage.fixture.ts'

const GEO = parseDatasetName('geo')
const MAPS = parseDatasetName('@team/maps')

/** Two datasets that share a block; listings too long to stand in their records; moves, one of them taken back. */
async function buildStore(): Promise<Storage> {
  await using world = await openWorld()
  const many = Array.from({ length: 900 }, (_, i) => [`folder/file-number-${i}`, file(`${i}`)] as const)
  const source = world.at('source')
  const tree: Tree = { ...Object.fromEntries(many), 'large.bin': file(randomBytesOf(700_000, 'large')) }
  await writeTree(source, tree)
  await world.client.push(source, ['geo:v1', 'geo:latest', '@team/maps:latest'])
  await writeTree(source, { 'more.bin': file(randomBytesOf(100_000, 'more')) })
  await world.client.push(source, ['geo:v2', 'geo:latest'])
  await world.client.rollBack('geo:latest')
  await world.client.tag('geo:v2', 'geo:old')
  await world.client.deleteTag('geo:old')
  return copyOf(world.hub.storage)
}

const original = await buildStore()
const tags = await storedTags(original)
const [v1, v2] = [tags.get('geo:v1')!, tags.get('geo:v2')!]

async function bytesOf(storage: Storage, key: string): Promise<Buffer> {
  return Buffer.from((await storage.get(key)).bytes)
}

async function keysBelow(storage: Storage, prefix: string): Promise<string[]> {
  return (await listStore(storage, prefix)).map((line) => line.split(' ')[0]!)
}

async function recordAt(storage: Storage, dataset: typeof GEO, digest: Digest): Promise<SnapshotRecord> {
  return decodeRecord(await bytesOf(storage, keys.snapshot(dataset, digest)))
}

/** The block of the first push, which holds nearly everything; and the one of the second. */
async function blocksOf(storage: Storage): Promise<[first: string, second: string]> {
  const [first] = (await recordAt(storage, GEO, v1)).blocks.map(({ id }) => keys.block(id))
  const second = (await keysBelow(storage, 'blocks/')).find((key) => key !== first)
  return [first!, second!]
}

async function change(storage: Storage, key: string, by: (bytes: Buffer) => Uint8Array | undefined): Promise<void> {
  const bytes = await bytesOf(storage, key)
  await storage.put(key, by(bytes) ?? bytes)
}

function flip(place: (length: number) => number): (bytes: Buffer) => undefined {
  return (bytes) => {
    const at = place(bytes.length)
    bytes[at] = bytes[at]! ^ 0x10
  }
}

/** Changes an object that is JSON, and its checksum with it. */
function edit(change: Record<string, unknown>): (bytes: Buffer) => Buffer {
  return (bytes) => {
    const { sum: _, ...object } = JSON.parse(bytes.toString()) as Record<string, unknown>
    return Buffer.from(encodeJson({ ...object, ...change }))
  }
}

async function logOf(storage: Storage, tag: string): Promise<string[]> {
  const found: string[] = []
  let next = (JSON.parse((await bytesOf(storage, `datasets/geo/tags/${tag}`)).toString()) as { log: string | null }).log
  while (next !== null) {
    const key = keys.logEntry(GEO, next)
    found.push(key)
    next = (JSON.parse((await bytesOf(storage, key)).toString()) as { previous: string | null }).previous
  }
  return found
}

const ALL = '@team/maps:latest geo:latest geo:v1 geo:v2'
const OF_V1 = 'geo:latest geo:v1'

describe('a store that is as hubs left it', () => {
  it('is sound, and what is in it is counted', async () => {
    for (const files of [false, true]) {
      const report = await checkStore(original, { files })
      assert.deepEqual(findingsOf(report), [])
      assert.equal(report.ok, true)
      const counts = Object.entries(report.counts).map(([kind, { objects }]) => `${kind} ${objects}`)
      assert.deepEqual(counts, [
        'block 2',
        'snapshot 3',
        'tag 5',
        'log-entry 8',
        'delta 0',
        'receipt-key 1',
        'staged 0',
      ])
      assert.deepEqual([report.unusedBlocks.objects, report.unknown.objects], [0, 0])
      const lines = await listStore(original)
      const bytes = lines.reduce((sum, line) => sum + Number(line.split(' ')[1]), 0)
      assert.equal(
        Object.values(report.counts).reduce((sum, tally) => sum + tally.bytes, 0),
        bytes,
      )
    }
  })

  it('may hold deltas', async () => {
    const storage = await copyOf(original)
    const [from, to] = [randomBytesOf(10_000, 'from'), randomBytesOf(3_000_000, 'to')]
    const header = headerOf(from, to)
    await storage.put(keys.delta('geo' as DatasetName, header.from, header.to), await deltaOf(from, to))
    const report = await checkStore(storage)
    assert.deepEqual([findingsOf(report), report.counts.delta.objects], [[], 1])
  })

  it('may hold nothing', async () => assert.equal((await checkStore(createMemoryStorage())).ok, true))

  it('may hold blocks that no snapshot uses, and objects of others, which are told', async () => {
    const storage = await copyOf(original)
    const { blocks } = await buildSnapshot({ a: randomBytesOf(50_000, 'unused') })
    await storage.put(keys.block(blocks[0]!.info.id), blocks[0]!.bytes)
    const strangers = [
      'README',
      'blocks/ab/README',
      `blocks/00/${'ab'.repeat(32)}`,
      `blocks/${'ab'.repeat(32)}`,
      'datasets/README',
      'datasets/Geo/tags/latest',
      'datasets/geo/tags/.hidden'.replace('.hidden', '-x'),
      'datasets/geo/log/today',
      `datasets/geo/snapshots/sha256:${v1}`,
      'datasets/geo/snapshots/deep/er',
      'datasets/@team/tags/x',
      'access/receipt-key/x'.replace('/x', '.old'),
      `staging/v1/${'ab'.repeat(16)}/blocks/Signature`,
      `staging/v1/ann/parts/${'ab'.repeat(16)}/000`,
    ]
    for (const key of strangers) await storage.put(key, Buffer.from('stranger'))
    const report = await checkStore(storage)
    assert.equal(report.ok, true)
    assert.deepEqual(report.unusedBlocks, { objects: 1, bytes: blocks[0]!.bytes.length })
    assert.deepEqual(report.unknown.keys, [...strangers].sort())
    assert.equal(report.unknown.objects, strangers.length)
  })
})

const STAGED = ['blocks', 'published'].map((kind) => `staging/v1/${'ab'.repeat(16)}/${kind}/${'a2'.repeat(26)}`)

/** What is done to a copy of the store, and the findings that this has to lead to. */
const DAMAGE: [name: string, damage: (storage: Storage) => Promise<unknown>, findings: RegExp[]][] = [
  ...(
    [
      ['a flipped bit in a frame', flip((length) => Math.floor(length / 3)), /its bytes have another SHA-256/],
      ['a flipped bit in an index', flip((length) => length - 100), /its bytes have another SHA-256/],
      ['a flipped bit in a footer', flip((length) => length - 9), /its bytes have another SHA-256/],
      ['a block cut short', (bytes: Buffer) => bytes.subarray(0, -1), /its bytes have another SHA-256/],
      ['a block that is longer', (bytes: Buffer) => Buffer.concat([bytes, bytes]), /its bytes have another SHA-256/],
      ['an empty block', () => Buffer.alloc(0), /it has 0 bytes/],
      ['a block of zeros', (bytes: Buffer) => bytes.fill(0), /its bytes have another SHA-256/],
      ['a block that is over the limit', () => Buffer.alloc(21 * 1024 * 1024), /it has over 21233664 bytes/],
    ] as const
  ).map(([name, by, reason]): (typeof DAMAGE)[number] => [
    name,
    async (storage) => change(storage, (await blocksOf(storage))[0], by),
    [new RegExp(`^damaged block: ${reason.source} \\[${ALL}\\]$`)],
  ]),
  [
    'a block that only the newest version needs',
    async (storage) =>
      change(
        storage,
        (await blocksOf(storage))[1],
        flip(() => 0),
      ),
    [/^damaged block: .* \[geo:v2\]$/],
  ],
  [
    'two blocks in each other’s place',
    async (storage) => {
      const [first, second] = await blocksOf(storage)
      const bytes = await bytesOf(storage, first)
      await storage.put(first, await bytesOf(storage, second))
      await storage.put(second, bytes)
    },
    [/^damaged block/, /^damaged block/],
  ],
  [
    'a block that is gone',
    async (storage) => storage.delete((await blocksOf(storage))[0]),
    [new RegExp(`^missing block: a snapshot needs it \\[${ALL}\\]$`)],
  ],
  [
    'a record with a flipped bit',
    async (storage) =>
      change(
        storage,
        keys.snapshot(GEO, v1),
        flip(() => 2),
      ),
    [new RegExp(`^damaged snapshot: it does not begin as a record .* \\[${OF_V1}\\]$`)],
  ],
  [
    'a record cut short',
    async (storage) => change(storage, keys.snapshot(GEO, v1), (bytes) => bytes.subarray(0, -5)),
    [new RegExp(`^damaged snapshot: it does not decode \\[${OF_V1}\\]$`)],
  ],
  [
    'a record over the limit',
    async (storage) => storage.put(keys.snapshot(GEO, v1), Buffer.alloc(MAX_RECORD + 1)),
    [new RegExp(`^damaged snapshot: it has over 16777216 bytes \\[${OF_V1}\\]$`)],
  ],
  [
    'a record under the digest of another',
    async (storage) => storage.put(keys.snapshot(GEO, v1), await bytesOf(storage, keys.snapshot(GEO, v2))),
    [new RegExp(`^damaged snapshot: it is that of sha256:${v2} \\[${OF_V1}\\]$`)],
  ],
  [
    'a record that is gone',
    async (storage) => storage.delete(keys.snapshot(GEO, v1)),
    [new RegExp(`^missing snapshot: a tag points to it \\[${OF_V1}\\]$`)],
  ],
  [
    'a record of another dataset alone',
    async (storage) => storage.put(keys.snapshot(MAPS, v1), Buffer.from('nothing')),
    [/^damaged snapshot: .* \[@team\/maps:latest\]$/],
  ],
  [
    'a tag that is no JSON',
    async (storage) => change(storage, 'datasets/geo/tags/v1', (bytes) => bytes.subarray(0, -10)),
    [/^damaged tag: it cannot be read as a tag \[geo:v1\]$/],
  ],
  [
    'a tag with a field too many',
    async (storage) => change(storage, 'datasets/geo/tags/v1', edit({ more: 1 })),
    [/^damaged tag: it cannot be read as a tag \[geo:v1\]$/],
  ],
  [
    'a tag that points where it never pointed',
    async (storage) => change(storage, 'datasets/geo/tags/v1', edit({ digest: `sha256:${v2}` })),
    [/^damaged tag: where it points is not where it pointed last \[geo:v1\]$/],
  ],
  [
    'a tag that points elsewhere than its last move',
    async (storage) => change(storage, 'datasets/geo/tags/v1', edit({ digest: `sha256:${v2}`, last: `sha256:${v2}` })),
    [/^damaged tag: the log entry \S+ that it names leads elsewhere \[geo:v1\]$/],
  ],
  [
    'a tag that points to nothing',
    async (storage) => {
      const nowhere = `sha256:${'ab'.repeat(32)}`
      await change(storage, 'datasets/geo/tags/v1', edit({ digest: nowhere, last: nowhere }))
    },
    [/^missing snapshot: a tag points to it \[geo:v1\]$/, /^damaged tag: .* leads elsewhere \[geo:v1\]$/],
  ],
  [
    'a tag with the log of another',
    async (storage) => {
      const { log } = JSON.parse((await bytesOf(storage, 'datasets/geo/tags/v2')).toString())
      await change(storage, 'datasets/geo/tags/v1', edit({ log }))
    },
    [/^damaged tag: the log entry \S+ that it names is of the tag "v2" \[geo:v1\]$/],
  ],
  [
    'a tag whose log is no name',
    async (storage) => change(storage, 'datasets/geo/tags/v1', edit({ log: '../v2' })),
    [/^damaged tag: what it names as its log entry is none \[geo:v1\]$/],
  ],
  [
    'a tag with another time',
    async (storage) => change(storage, 'datasets/geo/tags/v1', edit({ movedMicros: 5 })),
    [/^damaged tag: the log entry \S+ that it names is of another time \[geo:v1\]$/],
  ],
  [
    'the newest log entry gone',
    async (storage) => storage.delete((await logOf(storage, 'latest'))[0]!),
    [/^missing log-entry: the log of "latest" needs it \[geo:latest\]$/],
  ],
  [
    'an older log entry gone',
    async (storage) => storage.delete((await logOf(storage, 'latest'))[2]!),
    [/^missing log-entry: the log of "latest" needs it \[geo:latest\]$/],
  ],
  [
    'a log entry that is no JSON',
    async (storage) => storage.put((await logOf(storage, 'latest'))[1]!, Buffer.from('{')),
    [/^damaged log-entry: it cannot be read as a log entry \[geo:latest\]$/],
  ],
  [
    'a log entry of another time',
    async (storage) => change(storage, (await logOf(storage, 'latest'))[1]!, edit({ whenMicros: 7 })),
    [/^damaged log-entry: its time is not the one in its name \[geo:latest\]$/],
  ],
  [
    'a log that goes in a circle',
    async (storage) => {
      const [newest, , oldest] = await logOf(storage, 'latest')
      await change(storage, oldest!, edit({ previous: newest!.split('/').at(-1), from: `sha256:${v1}` }))
    },
    [/^damaged log-entry: the log entry \S+ that it names is not older \[geo:latest\]$/],
  ],
  [
    'a log that ends too early',
    async (storage) => change(storage, (await logOf(storage, 'latest'))[1]!, edit({ previous: null })),
    [/^damaged log-entry: a move of this tag came before it, and it names none \[geo:latest\]$/],
  ],
  [
    'a log entry that leads elsewhere',
    async (storage) => change(storage, (await logOf(storage, 'latest'))[1]!, edit({ to: `sha256:${v1}` })),
    [/^damaged log-entry: the log entry \S+ that it names leads elsewhere \[geo:latest\]$/],
  ],
  [
    'a delta in which a bit has flipped',
    async (storage) => {
      const delta = await deltaOf(Buffer.from('one'), Buffer.from('two'))
      const { from, to } = headerOf(Buffer.from('one'), Buffer.from('two'))
      await storage.put(keys.delta('geo' as DatasetName, from, to), delta)
      await change(
        storage,
        keys.delta('geo' as DatasetName, from, to),
        flip((length) => length - 40),
      )
    },
    [/^damaged delta: its bytes do not match its checksum \[\]$/],
  ],
  [
    'a delta that is one of others',
    async (storage) =>
      storage.put(keys.delta('geo' as DatasetName, v1, v1), await deltaOf(Buffer.from('one'), Buffer.from('two'))),
    [/^damaged delta: it is no delta between the snapshots in its name \[\]$/],
  ],
  [
    'a key for receipts that is too short',
    async (storage) => storage.put(keys.receiptKey, Buffer.alloc(31)),
    [/^damaged receipt-key: it has 31 bytes where it should have 32 \[\]$/],
  ],
  [
    'what is kept for clients of version 1',
    async (storage) => {
      for (const key of STAGED) await storage.put(key, Buffer.from('x'))
    },
    [/^damaged staged: it does not match its checksum \[\]$/, /^damaged staged: .* \[\]$/],
  ],
  [
    'several things at once',
    async (storage) => {
      await storage.delete((await blocksOf(storage))[1])
      await storage.put(keys.snapshot(MAPS, v1), Buffer.from('x'))
      await storage.delete('datasets/geo/tags/v1')
    },
    [/^missing block: .* \[geo:v2\]$/, /^damaged snapshot: .* \[@team\/maps:latest\]$/],
  ],
]

describe('damage in a store', () => {
  for (const [name, damage, expected] of DAMAGE) {
    it(`is found: ${name}`, async () => {
      const storage = await copyOf(original)
      await damage(storage)
      const report = await checkStore(storage)
      const found = findingsOf(report)
      assert.equal(found.length, expected.length, found.join('\n'))
      expected.forEach((words, i) => void assert.match(found[i]!, words))
      assert.equal(report.ok, false)
      for (const { hint } of report.findings) assert.ok(hint.length > 20)
    })
  }

  it('is found wherever a bit of a block, a tag or a log entry is another', async () => {
    const random = createRandom(newSeed())
    console.log(`seed ${random.seed}`)
    const small = (await listStore(original)).map((line) => line.split(' ')[0]!).filter((key) => /tags|log/.test(key))
    for (let round = 0; round < 20; round++) {
      const storage = await copyOf(original)
      const key = random.pick(round % 4 === 0 ? await blocksOf(storage) : small)
      let place = 0
      await change(storage, key, (bytes) => {
        place = random.int(0, bytes.length - 1)
        bytes[place] = bytes[place]! ^ (1 << random.int(0, 7))
        return undefined
      })
      const { findings } = await checkStore(storage)
      assert.deepEqual(
        findings.map((finding) => finding.key),
        [key],
        `byte ${place} of ${key}`,
      )
    }
  })
})

/** A store with one snapshot, whose record is what `change` makes of a right one. */
async function storeOf(change: (record: SnapshotRecord) => SnapshotRecord): Promise<Storage> {
  const storage = createMemoryStorage()
  const { record, blocks } = await buildSnapshot({ a: randomBytesOf(300_000, 'a'), b: randomBytesOf(200_000, 'b') })
  for (const { info, bytes } of blocks) await storage.put(keys.block(info.id), bytes)
  const changed = change(record)
  await storage.put(keys.snapshot(GEO, changed.digest), encodeRecord(changed))
  return storage
}

function withExtent(record: SnapshotRecord, values: { first?: number; count?: number }): SnapshotRecord {
  const { block, first, count, start } = record.content.extents
  const extents = {
    block,
    first: first.map((value) => values.first ?? value),
    count: count.map((value) => values.count ?? value),
    start,
  }
  return { ...record, content: { ...record.content, extents } }
}

describe('records that lie', () => {
  const lies: [name: string, lie: (record: SnapshotRecord) => SnapshotRecord, words: RegExp][] = [
    ['chunks that there are not', (r) => withExtent(r, { count: 60_000 }), /names chunks that block \S+ does not have/],
    ['other chunks', (r) => withExtent(r, { first: 1 }), /does not have|is not as long as its chunks/],
    ['fewer chunks', (r) => withExtent(r, { count: 1 }), /is not as long as its chunks/],
    ['another size', (r) => ({ ...r, blocks: r.blocks.map((b) => ({ ...b, size: b.size + 1 })) }), /what is not so/],
    [
      'another tail',
      (r) => ({ ...r, blocks: r.blocks.map((b) => ({ ...b, tailHash: sha256Hex('x') })) }),
      /what is not so/,
    ],
    [
      'another tail size',
      (r) => ({ ...r, blocks: r.blocks.map((b) => ({ ...b, tailSize: b.tailSize + 1 })) }),
      /what is not so/,
    ],
    ['too few times', (r) => ({ ...r, times: { ...r.times, length: 1, inline: Buffer.from([0]) } }), /list of times/],
    [
      'another listing',
      (r) => {
        const inline = Buffer.from(Buffer.from(r.listing.inline).toString().replace(' b\n', ' c\n'))
        return { ...r, listing: { ...r.listing, inline } }
      },
      /its listing does not have its digest/,
    ],
  ]
  for (const [name, lie, words] of lies) {
    it(`are found: ${name}`, async () => {
      const { findings } = await checkStore(await storeOf(lie))
      assert.equal(findings.length, 1)
      assert.match(findings[0]!.reason, words)
    })
  }

  for (const [name, lines] of Object.entries(EVIL_LISTINGS)) {
    it(`are found: ${name}`, async () => {
      const storage = createMemoryStorage()
      const { digest, bytes } = recordOfListing(lines)
      await storage.put(keys.snapshot(GEO, digest), bytes)
      const { findings } = await checkStore(storage)
      assert.deepEqual([findings.length, findings[0]?.problem], [1, 'damaged'])
    })
  }

  it('are found by the files’ hashes: right listing, chunks of other files', async () => {
    const [right, wrong] = await Promise.all([
      buildSnapshot({ a: randomBytesOf(50_000, 'right'), b: 'b' }),
      buildSnapshot({ a: randomBytesOf(50_000, 'wrong'), b: 'b' }),
    ])
    const storage = createMemoryStorage()
    for (const { info, bytes } of wrong.blocks) await storage.put(keys.block(info.id), bytes)
    const record = { ...wrong.record, digest: right.record.digest, listing: right.record.listing }
    await storage.put(keys.snapshot(GEO, record.digest), encodeRecord(record))
    assert.equal((await checkStore(storage)).ok, true)
    const { findings } = await checkStore(storage, { files: true })
    assert.deepEqual(
      findings.map(({ reason }) => reason),
      ['its chunks do not make up the file "a"'],
    )
  })
})

describe('blocks that lie', () => {
  for (const [name, { bytes, words }] of Object.entries(EVIL_BLOCKS)) {
    it(`are found: ${name}`, async () => {
      const storage = createMemoryStorage()
      await storage.put(`blocks/${sha256Hex(bytes).slice(0, 2)}/${sha256Hex(bytes)}`, bytes)
      const { findings } = await checkStore(storage)
      assert.equal(findings.length, 1)
      if (!name.startsWith('nothing but')) assert.match(findings[0]!.reason, words)
    })
  }
})
