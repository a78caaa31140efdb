import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { AetherError } from '../core/errors.ts'
import { openStorage } from './open-storage.ts'
import { bytesOf } from './suite-kit.fixture.ts'

describe('openStorage', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'aetherfs-open-'))
  })
  after(() => rm(folder, { recursive: true }))

  async function putThrough(url: string): Promise<void> {
    const storage = await openStorage(url)
    await storage.put('key', bytesOf('x'))
    await storage.close()
  }

  it('opens a plain path', async () => {
    await putThrough(join(folder, 'plain path/deeper'))
    assert.ok((await readdir(join(folder, 'plain path/deeper'))).includes('key'))
  })

  it('opens a file URL, with what is encoded in it', async () => {
    await putThrough(pathToFileURL(join(folder, 'wi?th #odd %41 name')).href)
    assert.ok((await readdir(join(folder, 'wi?th #odd %41 name'))).includes('key'))
  })

  it('opens a file URL in either case and with the host localhost', async () => {
    await putThrough(`FILE:${folder}/short`)
    await putThrough(`file://localhost${folder}/named`)
    for (const name of ['short', 'named']) assert.ok((await readdir(join(folder, name))).includes('key'))
  })

  it('opens a store of its own in memory', async () => {
    const [one, other] = [await openStorage('memory:'), await openStorage('memory:')]
    await one.put('key', bytesOf('x'))
    assert.equal(await other.head('key'), undefined)
  })

  it('opens a store for reading: makes nothing, changes nothing, and finds only what is there', async () => {
    const path = join(folder, 'to read')
    await putThrough(path)
    const before = await readdir(path, { recursive: true })
    const storage = await openStorage(path, { readOnly: true })
    assert.deepEqual((await storage.get('key')).bytes, bytesOf('x'))
    await assert.rejects(storage.put('other', bytesOf('y')), { code: 'denied', message: /for reading only/ })
    await assert.rejects(storage.delete('key'), { code: 'denied' })
    await storage.close()
    assert.deepEqual(await readdir(path, { recursive: true }), before)
    await assert.rejects(openStorage(join(folder, 'nowhere'), { readOnly: true }), { code: 'not-found' })
    await assert.rejects(openStorage('memory:', { readOnly: true }), { code: 'invalid' })
    assert.ok(!(await readdir(folder)).includes('nowhere'))
  })

  const refused: [url: string, reason: RegExp, hint: RegExp][] = [
    ['', /empty/, /memory:/],
    ['gs://bucket/prefix', /kind "gs:"/, /file:\/\/\/absolute\/path/],
    ['s3://Bucket', /name of a bucket/, /s3:\/\/bucket\/prefix/],
    ['http://example.org/', /kind "http:"/, /\.\/data/],
    ['data:v1', /kind "data:"/, /\.\/data/],
    ['memory:shared', /has no name/, /"memory:"/],
    ['memory://', /has no name/, /"memory:"/],
    ['file://server/share', /host "server"/, /file:\/\/\/server\/share/],
    ['file:relative/path', /absolute/, /: relative\/path$/],
    ['file://./relative', /absolute/, /: \.\/relative$/],
    ['file://../relative', /absolute/, /: \.\.\/relative$/],
    ['file:', /absolute/, /path alone/],
    ['file:///data?x=1', /"\?"/, /%3F/],
    ['file:///data#x', /"#"/, /%23/],
    ['file:///a%2Fb', /cannot be decoded/, /Stores are/],
    ['file:///a%ZZ', /cannot be decoded/, /Stores are/],
    ['file:///a%00b', /NUL/, /Stores are/],
    ['a\0b', /NUL/, /Stores are/],
  ]
  for (const [url, reason, hint] of refused) {
    it(`explains why it does not open ${JSON.stringify(url)}`, async () => {
      await assert.rejects(openStorage(url), (error) => {
        assert.ok(error instanceof AetherError)
        assert.equal(error.code, 'invalid')
        assert.match(error.message, reason)
        assert.match(error.hint ?? '', hint)
        return true
      })
    })
  }

  it('refuses a path to a file, and one through a file', async () => {
    await putThrough(join(folder, 'store'))
    for (const path of ['store/key', 'store/key/below']) {
      await assert.rejects(openStorage(join(folder, path)), { code: 'invalid', message: /it is not a folder/ })
    }
  })
})
