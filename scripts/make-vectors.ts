// Writes test/vectors anew. Only for a new format version: old vectors are promises.
import { writeFileSync } from 'node:fs'
import { chunkIdAt, chunkLengthAt } from '../src/core/block.ts'
import { type FileHash, sha256Hex } from '../src/core/id.ts'
import { type Entry, encodeListing, listingDigest } from '../src/core/listing.ts'
import { encodeTimes } from '../src/core/times.ts'
import { buildSnapshot, cutAll } from '../src/hub/snapshot.fixture.ts'
import { bake, type Recipe } from '../test/vectors/recipe.fixture.ts'

const folder = new URL('../test/vectors/', import.meta.url)
const write = (name: string, value: unknown) =>
  writeFileSync(new URL(name, folder), value instanceof Uint8Array ? value : `${JSON.stringify(value, null, 1)}\n`)

const recipes: Recipe[] = [
  { shake256: 'a', length: 1 },
  { shake256: 'b', length: 32 * 1024 },
  { shake256: 'c', length: 1_000_000 },
  { repeat: '\0', length: 600_000 },
  { repeat: 'abcdefghij', length: 600_000 },
  [
    { shake256: 'c', length: 200_000 },
    { repeat: 'inserted', length: 8 },
    { shake256: 'd', length: 300_000 },
  ],
]
write(
  'chunks.json',
  recipes.map((recipe) => ({
    recipe,
    chunks: [...cutAll(bake(recipe))].map((bytes) => ({ length: bytes.length, id: sha256Hex(bytes) })),
  })),
)

const file = (path: string, text: string, executable = false): Entry => ({
  kind: 'file',
  path,
  executable,
  size: Buffer.byteLength(text),
  hash: sha256Hex(text) as FileHash,
})
const entries: Entry[] = [
  file('a b', 'space'),
  file('a-b', ''),
  file('a/run.sh', '#!/bin/sh\n', true),
  { kind: 'link', path: 'a/to space', target: '../a b' },
  { kind: 'folder', path: 'a0' },
  file('back\\slash', 'x'),
  file('line\nfeed', 'y'),
  file('ä', 'z'),
  file('\uE000', 'private use'),
  file('\u{1F30D}', 'globe'),
]
const text = encodeListing(entries)
write('listing.txt', text)
write('listing.json', { digest: listingDigest(text), entries })

const times = [1_700_000_000_000_000, 1_700_000_000_000_000, 1_700_000_000_000_001, 0, 2 ** 52 - 1]
write('times.json', { times, hex: encodeTimes(times).toString('hex') })

const { record, bytes, blocks } = await buildSnapshot({
  'a.txt': 'hello\n',
  'data.csv': bake({ repeat: '1,2,3\n', length: 40_000 }),
  'rows.bin': bake({ shake256: 'rows', length: 100_000 }),
})
const { index, info } = blocks[0]!
const chunks = Array.from({ length: index.chunkStart.length - 1 }, (_, i) => ({
  id: chunkIdAt(index, i),
  length: chunkLengthAt(index, i),
}))
write('block.bin', blocks[0]!.bytes)
write('block.json', {
  info,
  frameStart: [...index.frameStart],
  frameCodec: [...index.frameCodec],
  frameFirst: [...index.frameFirst],
  chunks,
})
write('snapshot.bin', bytes)
write('snapshot.json', {
  digest: record.digest,
  listing: Buffer.from(record.listing.inline).toString(),
  times: Buffer.from(record.times.inline).toString('hex'),
  content: {
    length: record.content.length,
    block: [...record.content.extents.block],
    first: [...record.content.extents.first],
    count: [...record.content.extents.count],
    start: [...record.content.extents.start],
  },
  blocks: record.blocks,
  provenance: record.provenance,
})
