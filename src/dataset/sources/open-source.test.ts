// All kinds of sources keep the same promises.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import type { Source, SourceListing, SourceSpec } from '../source.ts'
import { listSource, openSource } from './open-source.ts'
import { detectSource } from './source-spec.ts'
import {
  aetherError,
  digests,
  filesOf,
  makeTree,
  noise,
  paths,
  readAll,
  readersOf,
  summary,
  TAKE_ALL,
  temporaryFolder,
} from './sources.fixture.ts'
import { tarOf } from './tar.fixture.ts'
import { zipOf } from './zip.fixture.ts'

type Files = { path: string; size: number; executable: boolean }[]

const KINDS: SourceSpec['kind'][] = ['folder', 'tar', 'tar.gz', 'tar.zst', 'zip']

/** Puts the files into a source of this kind, in their order. */
function make(folder: string, kind: SourceSpec['kind'], files: Files): string {
  const bodies = files.map(({ path, size, executable }) => ({
    name: path,
    body: noise(size, size),
    mode: executable ? 0o755 : 0o644,
  }))
  if (kind === 'folder') {
    const tree = bodies.map(({ name, body, mode }) => [name, { text: body, executable: mode === 0o755 }] as const)
    return makeTree(join(folder, 'folder'), Object.fromEntries(tree))
  }
  const path = join(folder, `x.${kind}`)
  const tar = () => tarOf(...bodies)
  if (kind === 'zip') writeFileSync(path, zipOf(...bodies.map((part, i) => ({ ...part, method: i % 2 === 0 ? 8 : 0 }))))
  else
    writeFileSync(
      path,
      kind === 'tar' ? tar() : kind === 'tar.gz' ? gzipSync(tar(), { level: 1 }) : zstdCompressSync(tar()),
    )
  return path
}

async function open(path: string): Promise<{ spec: SourceSpec; listing: SourceListing; source: Source }> {
  const spec = await detectSource(path)
  return { spec, listing: await listSource(spec, TAKE_ALL), source: await openSource(spec) }
}

const FILES: fc.Arbitrary<Files> = fc.uniqueArray(
  fc.record(
    {
      path: fc
        .array(fc.constantFrom('a', 'a-', 'b', 'c.d', 'ö', '\u{1F600}'), { minLength: 1, maxLength: 4 })
        .map((parts) => `${parts.join('/')}.f`),
      size: fc.oneof(
        fc.nat(300),
        fc.integer({ min: 32_000, max: 33_000 }),
        fc.constantFrom(0, 1_048_576, 1_048_577, 2_500_000),
      ),
      executable: fc.boolean(),
    },
    { noNullPrototype: true },
  ),
  { selector: ({ path }) => path, maxLength: 12 },
)

/** Reads with skips in between; what is read must be what lies there. */
async function readInPatches(source: Source, listing: SourceListing, steps: number[]): Promise<void> {
  for await (const reader of readersOf(source, listing)) {
    const whole = Buffer.concat(filesOf(listing, reader.segment).map(({ size }) => noise(size, size)))
    let position = 0
    for (let i = 0; position < whole.length; i++) {
      const skip = Math.min(steps[i % steps.length]!, whole.length - position)
      reader.skip(skip)
      position += skip
      const piece = await reader.read()
      if (piece === undefined) break
      assert.ok(whole.subarray(position, position + piece.bytes.length).equals(piece.bytes))
      position += piece.bytes.length
    }
    assert.equal(position, whole.length)
    assert.equal(await reader.read(), undefined)
  }
}

describe('openSource', () => {
  for (const kind of KINDS) {
    it(`gives every byte of any files in a ${kind}`, async (t) => {
      await fc.assert(
        fc.asyncProperty(FILES, fc.array(fc.nat(40_000), { minLength: 1, maxLength: 5 }), async (files, steps) => {
          const folder = temporaryFolder(t)
          const { spec, listing, source } = await open(make(folder, kind, files))
          assert.equal(spec.kind, kind)
          const byPath = new Map(files.map((file) => [file.path, file]))
          for (const { path, size, executable } of listing.entries)
            assert.deepEqual({ path, size, executable }, byPath.get(path))
          assert.equal(listing.entries.length, files.length)
          const filled = files
            .filter(({ size }) => size > 0)
            .map(({ path, size }): [string, Buffer] => [path, noise(size, size)])
          assert.deepEqual(digests(await readAll(source, listing)), digests(new Map(filled)))
          if (source.canSkip) await readInPatches(source, listing, steps)
          await source.close()
        }),
        { numRuns: 15 },
      )
    })
  }

  it('lists the same in all kinds', async (t) => {
    const folder = temporaryFolder(t)
    const files = ['z', 'a/b', 'a-b', 'a.c/d'].map((path, i) => ({ path, size: i * 20_000, executable: i % 2 === 0 }))
    const listings = await Promise.all(
      KINDS.map(async (kind) => summary((await open(make(folder, kind, files))).listing)),
    )
    for (const listing of listings) assert.deepEqual(listing, listings[0])
  })

  it('reads a single file under its own name, whatever its kind', async (t) => {
    const path = join(temporaryFolder(t), 'x.db')
    writeFileSync(path, noise(40_000, 40_000))
    const { spec, listing, source } = await open(path)
    assert.equal(spec.kind, 'file')
    assert.deepEqual(paths(await listSource(spec, { ...TAKE_ALL, exclude: ['*'] })), ['x.db'])
    assert.ok((await readAll(source, listing)).get('x.db')!.equals(noise(40_000, 40_000)))
    await readInPatches(source, listing, [100, 3000])
    writeFileSync(path, 'other')
    await assert.rejects(readAll(source, listing), aetherError('source', '"x.db" changed while it was read'))
  })

  it('stops before it begins when it is asked to', async (t: TestContext) => {
    for (const kind of [...KINDS, 'file'] as const) {
      const spec = { kind, path: temporaryFolder(t) }
      await assert.rejects(listSource(spec, TAKE_ALL, AbortSignal.abort()), { name: 'AbortError' })
    }
  })

  it('says when a source is gone', async (t) => {
    const path = join(temporaryFolder(t), 'no')
    for (const kind of KINDS) {
      await assert.rejects(
        listSource({ kind, path }, TAKE_ALL),
        aetherError(kind === 'folder' ? 'not-found' : 'source', 'Cannot read'),
      )
    }
    await assert.rejects(listSource({ kind: 'file', path }, TAKE_ALL), aetherError('not-found', 'There is no'))
  })
})
