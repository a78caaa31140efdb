// Fuzzing of archives: listed as a push lists them, and read to the end when they can be.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { after, describe } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { checkPath } from '../../src/core/path.ts'
import { segmentsOf } from '../../src/core/segments.ts'
import type { SourceListing, SourceSpec } from '../../src/dataset/source.ts'
import { listSource, openSource } from '../../src/dataset/sources/open-source.ts'
import { detectSource } from '../../src/dataset/sources/source-spec.ts'
import { temporaryFolder } from '../testing/temporary-folder.fixture.ts'
import { fuzz } from './fuzz.fixture.ts'

const folder = await temporaryFolder()
after(() => folder[Symbol.asyncDispose]())
const FILTER = { include: [], exclude: [], skipSpecial: true }

async function readArchive(name: string, bytes: Buffer): Promise<void> {
  const path = folder.at(name)
  writeFileSync(path, bytes)
  const spec = await detectSource(path)
  const listing = await listSource(spec, FILTER)
  for (const entry of listing.entries) checkPath(entry.path)
  await readFiles(spec, listing)
}

/** Every file has as many bytes as its entry says, or there is an error. */
async function readFiles(spec: SourceSpec, { entries }: SourceListing): Promise<void> {
  const source = await openSource(spec)
  try {
    for await (const reader of source.segments(entries, segmentsOf(entries.sizes()))) {
      let length = 0
      for (let piece = await reader.read(); piece !== undefined; piece = await reader.read())
        length += piece.bytes.length
      assert.equal(length, reader.segment.length)
    }
  } finally {
    await source.close()
  }
}

const codes = ['source', 'too-large'] as const

describe('fuzzing', () => {
  fuzz('tar archives', { corpus: 'tar', codes, parse: (bytes) => readArchive('a.tar', bytes) })
  fuzz('packed tar archives', {
    corpus: 'tar',
    codes,
    parse: (bytes, random) =>
      random.chance(0.5) ? readArchive('a.tar.gz', gzipSync(bytes)) : readArchive('a.tar.zst', zstdCompressSync(bytes)),
  })
  fuzz('broken packed tar archives', {
    corpus: 'packed',
    codes,
    parse: (bytes) => readArchive(bytes[0] === 0x1f ? 'b.tar.gz' : 'b.tar.zst', bytes),
  })
  fuzz('zip archives', { corpus: 'zip', codes, parse: (bytes) => readArchive('a.zip', bytes) })
})
