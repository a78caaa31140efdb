import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { AetherError } from '../../core/errors.ts'
import { type FileHash, sha256Hex } from '../../core/id.ts'
import type { Entry } from '../../core/listing.ts'
import { openFolderContent } from './folder-content.ts'
import { createImage } from './image.ts'

const folder = mkdtempSync(join(tmpdir(), 'aetherfs-content-'))
after(() => rmSync(folder, { recursive: true }))

const files: Record<string, Buffer> = {
  a: randomBytes(100_000),
  b: Buffer.alloc(0),
  c: Buffer.from('small'),
  d: randomBytes(300_000),
}
for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes)
const entries: Entry[] = Object.entries(files).map(([path, bytes]) => ({
  ...{ kind: 'file', path, executable: false, size: bytes.length },
  hash: sha256Hex(bytes) as FileHash,
}))
const whole = Buffer.concat(Object.values(files))

describe('openFolderContent', () => {
  it('reads any range, over the borders of files', async () => {
    const content = openFolderContent(folder, entries)
    assert.equal(content.length, whole.length)
    const ranges = [
      [0, whole.length],
      [99_999, 7],
      [100_001, 3],
      [99_000, 200_000],
      [whole.length - 1, 1],
    ] as const
    for (const [at, length] of ranges) assert.deepEqual(await content.read(at, length), whole.subarray(at, at + length))
    await content.close()
  })

  it('refuses a file that has become shorter, and one that is a link by now', async () => {
    const other = mkdtempSync(join(folder, 'other-'))
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(other, name), bytes)
    truncateSync(join(other, 'd'), 10)
    rmSync(join(other, 'c'))
    symlinkSync('a', join(other, 'c'))
    const content = openFolderContent(other, entries)
    await assert.rejects(content.read(100_006, 20), (e) => e instanceof AetherError && e.code === 'source')
    await assert.rejects(content.read(100_001, 2), { code: 'ELOOP' })
    await content.close()
  })
})

describe('createImage', () => {
  it('joins listing, times and content', async () => {
    const content = openFolderContent(folder, entries)
    const image = createImage(Buffer.from('listing'), Buffer.from('times'), content)
    assert.deepEqual(image.lengths, { listing: 7, times: 5, content: whole.length })
    const joined = Buffer.concat([Buffer.from('listingtimes'), whole])
    assert.equal(image.length, joined.length)
    for (const [at, length] of [
      [0, 12],
      [5, 4],
      [10, 50_000],
      [0, joined.length],
      [3, 1],
    ] as const)
      assert.deepEqual(Buffer.from(await image.read(at, length)), joined.subarray(at, at + length))
    await content.close()
  })
})
