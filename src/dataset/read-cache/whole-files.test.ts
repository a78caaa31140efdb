import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { appendFile, readdir, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { temporaryFolder } from '../../../test/testing/temporary-folder.fixture.ts'
import { type FileHash, sha256Hex } from '../../core/id.ts'
import { type Stored, storedSample, storeOf } from './read-cache.fixture.ts'
import { createReadCache, type ReadCache } from './read-cache.ts'

const MiB = 1024 * 1024
const sample = await storedSample()
/** The second file of the sample, which does not begin where the content does. */
const span = { offset: sample.content.length / 2, length: sample.content.length / 2 }
const plain = sample.content.subarray(span.offset)
const hash = sha256Hex(plain) as FileHash

interface Use {
  cache: ReadCache
  store: Stored
  warnings: string[]
  /** Of the whole file, when there is one. */
  path: string
  keep(): Promise<boolean>
  /** What the file has that can be handed on, if there is one. */
  open(): Promise<Buffer | undefined>
}

async function withCache(folder: string, use: (with_: Use) => Promise<void>, maxBytes = 100 * MiB): Promise<void> {
  const warnings: string[] = []
  const store = storeOf(sample)
  const path = join(folder, 'read')
  const cache = createReadCache({ folder: { path, maxBytes, onWarning: (text) => warnings.push(text) } })
  try {
    await use({
      cache,
      store,
      warnings,
      path: join(path, 'files', hash.slice(0, 2), hash),
      keep: () => cache.whole!.keep(store.record, span, hash, store.fetch),
      async open() {
        const opened = await cache.whole!.open(store.record, span, hash, store.fetch)
        if (opened === undefined) return undefined
        const bytes = readFileSync(opened.fd)
        opened.close()
        return bytes
      },
    })
  } finally {
    await cache.close()
  }
}

describe('whole files of the read cache', () => {
  it('are there once they were kept, over restarts too', async () => {
    await using folder = await temporaryFolder()
    await withCache(folder.path, async ({ open, keep, store }) => {
      assert.ok((await open()) === undefined)
      assert.deepEqual(await Promise.all([keep(), keep()]), [true, true])
      assert.ok((await open())?.equals(plain))
      const { length } = store.fetches
      assert.equal(await keep(), true)
      assert.equal(store.fetches.length, length)
    })
    await withCache(folder.path, async ({ open, store }) => {
      assert.ok((await open())?.equals(plain))
      assert.equal(store.fetches.length, 0)
    })
  })

  it('are never handed on damaged, whatever was done to them', async () => {
    const damages: [string, (path: string) => Promise<unknown>][] = [
      ['one byte', async (path) => writeFile(path, flipped(await readFile(path)))],
      ['longer', (path) => appendFile(path, 'x')],
      ['shorter', (path) => writeFile(path, plain.subarray(1))],
      [
        'another in its place',
        (path) => writeFile(`${path}.new`, flipped(plain)).then(() => rename(`${path}.new`, path)),
      ],
    ]
    for (const [what, damage] of damages) {
      for (const wasChecked of [true, false]) {
        await using folder = await temporaryFolder()
        await withCache(folder.path, async ({ keep, open, path, warnings }) => {
          await keep()
          if (wasChecked) assert.ok(await open())
          await damage(path)
          assert.equal(await open(), undefined, what)
          assert.match(warnings.join(), /is damaged: it is removed/)
          await assert.rejects(stat(path), { code: 'ENOENT' })
          assert.equal(await keep(), true)
          assert.ok((await open())?.equals(plain), what)
        })
      }
    }
  })

  it('note when they were used, and are still known to be right', async () => {
    await using folder = await temporaryFolder()
    await withCache(folder.path, async ({ keep, open, path, cache, store }) => {
      await keep()
      await utimes(path, 1, 1)
      assert.ok(await open())
      const { mtimeMs } = await stat(path)
      assert.ok(Date.now() - mtimeMs < 60_000)
      const fails = async () => Promise.reject(new Error('It was checked again'))
      const opened = await cache.whole!.open({ ...store.record, blocks: [] }, span, hash, fails)
      assert.ok(opened)
      opened.close()
    })
  })

  it('are not made of bytes that together are not the file', async () => {
    await using folder = await temporaryFolder()
    await withCache(folder.path, async ({ cache, store, path }) => {
      const other = { offset: 0, length: span.length }
      await assert.rejects(cache.whole!.keep(store.record, other, hash, store.fetch), { code: 'integrity' })
      await assert.rejects(stat(path), { code: 'ENOENT' })
      assert.deepEqual(await readdir(join(folder.path, 'read/incoming')), [])
    })
  })

  it('are not kept when they are more than half of what the folder may have', async () => {
    await using folder = await temporaryFolder()
    await withCache(
      folder.path,
      async ({ keep, open, store }) => {
        assert.equal(await keep(), false)
        assert.ok((await open()) === undefined)
        assert.equal(store.fetches.length, 0)
      },
      2 * span.length,
    )
  })

  it('share one bound with the frames, and go when others were used later', async () => {
    await using folder = await temporaryFolder()
    const maxBytes = 3 * span.length
    await withCache(
      folder.path,
      async ({ keep, path, cache, store }) => {
        assert.equal(await keep(), true)
        await utimes(path, 1, 1)
        const first = { offset: 0, length: span.length }
        const firstHash = sha256Hex(sample.content.subarray(0, span.length)) as FileHash
        assert.equal(await cache.whole!.keep(store.record, first, firstHash, store.fetch), true)
      },
      maxBytes,
    )
    // Now the frames too are written, which takes place behind those who read.
    await withCache(folder.path, async ({ open }) => assert.ok((await open()) === undefined))
    const files = await readdir(folder.path, { recursive: true, withFileTypes: true })
    const sizes = files
      .filter((file) => file.isFile())
      .map(async (file) => (await stat(join(file.parentPath, file.name))).size)
    const total = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
    assert.ok(total <= maxBytes, `${total}`)
  })

  it('leave nothing behind when the cache is closed while one is made', async () => {
    await using folder = await temporaryFolder()
    await withCache(folder.path, async ({ keep, cache, store, path }) => {
      const asked = Promise.withResolvers<void>()
      store.onFetch = async () => {
        asked.resolve()
        return new Promise(() => {})
      }
      const kept = assert.rejects(keep(), { code: 'cancelled' })
      await asked.promise
      await cache.close()
      await kept
      await assert.rejects(stat(path), { code: 'ENOENT' })
      assert.deepEqual(await readdir(join(folder.path, 'read/incoming')), [])
    })
  })
})

function flipped(bytes: Uint8Array): Buffer {
  const copy = Buffer.from(bytes)
  copy[copy.length >> 1]! ^= 1
  return copy
}
