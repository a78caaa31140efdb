import assert from 'node:assert/strict'
import { chmod, mkdir, readdir, readFile, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import fc from 'fast-check'
import { type TemporaryFolder, temporaryFolder } from '../../../test/testing/temporary-folder.fixture.ts'
import { AetherError } from '../../core/errors.ts'
import { startFixture } from '../../storage/child-process.fixture.ts'
import { readSpan, type Stored, storedSample, storeOf, wholeFile } from './read-cache.fixture.ts'
import { createReadCache, type ReadCache, type ReadCacheOptions } from './read-cache.ts'

const MiB = 1024 * 1024
const sample = await storedSample()
const folders: TemporaryFolder[] = []
after(() => Promise.all(folders.map((folder) => folder[Symbol.asyncDispose]())))

async function newFolder(): Promise<string> {
  const folder = await temporaryFolder()
  folders.push(folder)
  return folder.at('cache')
}

/** Works with a cache of its own, as one process after another does. */
async function withCache<T>(
  path: string,
  use: (cache: ReadCache, warnings: string[]) => Promise<T>,
  { maxBytes = 100 * MiB, ...options }: Omit<ReadCacheOptions, 'folder'> & { maxBytes?: number } = {},
): Promise<T> {
  const warnings: string[] = []
  const cache = createReadCache({ ...options, folder: { path, maxBytes, onWarning: (text) => warnings.push(text) } })
  try {
    return await use(cache, warnings)
  } finally {
    await cache.close()
  }
}

async function readAll(cache: ReadCache, store: Stored): Promise<void> {
  assert.ok((await readSpan(cache, store, wholeFile(store))).equals(sample.content))
}

async function filesOf(path: string): Promise<string[]> {
  const all = await readdir(join(path, 'frames'), { recursive: true, withFileTypes: true })
  return all.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name))
}

async function bytesOf(path: string): Promise<number> {
  const sizes = await Promise.all((await filesOf(path)).map(async (file) => (await stat(file)).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** A store that is away, but for the indexes of blocks. */
function storeAway(): Stored {
  const store = storeOf(sample)
  store.onFetch = async () => {
    throw new AetherError('unavailable', 'The store is away')
  }
  return store
}

describe('folder of a read cache', () => {
  it('has what was read before, for the next process', async () => {
    const path = await newFolder()
    await withCache(path, (cache) => readAll(cache, storeOf(sample)))
    assert.equal(await bytesOf(path), sample.content.length)
    await withCache(path, async (cache) => {
      await readAll(cache, storeAway())
      assert.equal(cache.counts.misses, 0)
    })
    for (const folder of [path, join(path, 'frames')]) assert.equal((await stat(folder)).mode & 0o777, 0o700)
    for (const file of await filesOf(path)) assert.equal((await stat(file)).mode & 0o777, 0o600)
    assert.deepEqual(await readdir(join(path, 'incoming')), [])
  })

  it('gives a few chunks of a frame without the rest', async () => {
    const path = await newFolder()
    await withCache(path, (cache) => readAll(cache, storeOf(sample)))
    await withCache(path, async (cache) => {
      for (const offset of [0, 700_000, 1_234_567, 2_999_000]) {
        const bytes = await readSpan(cache, storeAway(), { offset, length: 1000 })
        assert.ok(bytes.equals(sample.content.subarray(offset, offset + 1000)))
      }
      await readAll(cache, storeAway())
    })
  })

  it('promise 3: gives no byte of a file that is not what it should be, and fetches it anew', async () => {
    const path = await newFolder()
    await withCache(path, (cache) => readAll(cache, storeOf(sample)))
    const damage = fc.asyncProperty(fc.nat(), fc.nat(), fc.boolean(), async (file, place, shorter) => {
      const files = (await filesOf(path)).sort()
      const wrong = files[file % files.length]!
      const bytes = await readFile(wrong)
      const at = place % bytes.length
      if (shorter) await truncate(wrong, at)
      else await writeFile(wrong, Buffer.from(bytes.with(at, bytes[at]! ^ 1)))
      await withCache(path, async (cache, warnings) => {
        await readAll(cache, storeOf(sample))
        assert.equal(cache.counts.misses, 1)
        assert.match(warnings.join(), /is damaged: it is removed and fetched anew/)
      })
      await withCache(path, (cache) => readAll(cache, storeAway()))
    })
    await fc.assert(damage, { numRuns: 8 })
  })

  it('is whole again after a writer was killed', async () => {
    const path = await newFolder()
    const writer = startFixture('../dataset/read-cache/fill-cache.fixture.ts', [path, String(100 * MiB), '100'])
    await writer.lines.next()
    await writer.kill()
    await withCache(path, (cache) => readAll(cache, storeOf(sample)))
    await withCache(path, (cache) => readAll(cache, storeAway()))
  })

  it('keeps to its bound with several processes, and none of them reads a wrong byte', async () => {
    const path = await newFolder()
    const maxBytes = 1.5 * MiB
    const start = () => startFixture('../dataset/read-cache/fill-cache.fixture.ts', [path, String(maxBytes), '1'])
    await Promise.all([start().rest(), start().rest()])
    const bytes = await bytesOf(path)
    assert.ok(bytes > maxBytes / 3 && bytes <= maxBytes + MiB / 4, `${bytes} bytes of at most ${maxBytes}`)
  })

  it('removes what was used longest ago, and drafts that nobody works on any more', async () => {
    const path = await newFolder()
    await withCache(path, (cache) => readAll(cache, storeOf(sample)))
    const files = (await filesOf(path)).sort()
    const old = new Date(Date.now() - 7_200_000)
    for (const file of files) await utimes(file, old, old)
    for (const [name, time] of [
      ['old', old],
      ['new', new Date()],
    ] as const) {
      await writeFile(join(path, 'incoming', name), 'part of a frame')
      await utimes(join(path, 'incoming', name), time, time)
    }
    await withCache(path, (cache) => readSpan(cache, storeAway(), { offset: 0, length: 1000 }))
    const other = await storedSample(1_000_000, 'other')
    const read = (cache: ReadCache) => readSpan(cache, storeOf(other), { offset: 0, length: 1_000_000 })
    await withCache(path, read, { maxBytes: 3 * MiB })
    assert.deepEqual(await readdir(join(path, 'incoming')), ['new'])
    assert.ok((await bytesOf(path)) <= 3 * MiB)
    await withCache(path, (cache) => readSpan(cache, storeAway(), { offset: 0, length: 1000 }))
  })

  it('that cannot be used is told of once, and reads go on', async () => {
    const path = await newFolder()
    await mkdir(path, { recursive: true })
    await writeFile(join(path, 'frames'), 'no folder')
    await withCache(path, async (cache, warnings) => {
      await readAll(cache, storeOf(sample))
      await readAll(cache, storeOf(sample))
      await cache.close()
      assert.equal(warnings.length, 1)
      assert.match(warnings[0]!, /The cache folder ".*" cannot be/)
    })
    await chmod(path, 0o700)
  })
})
