// Archives of folders: what comes out, pushed again, is the same snapshot.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { randomBytesOf } from '../../../../test/testing/random.fixture.ts'
import { file } from '../../../../test/testing/tree.fixture.ts'
import { zipArchive } from '../../../dataset/archive/zip-archive.ts'
import { fixed, type TreeFolder } from '../../../dataset/tree/readable-tree.ts'
import { ANONYMOUS } from '../../../hub/hub.ts'
import { openFsWorld, TREE } from './fs.fixture.ts'

const long = `${'long-name-'.repeat(20)}/${'ü'.repeat(120)}/x`
const world = await openFsWorld({
  ...TREE,
  [long]: file('long'),
  'large.bin': file(randomBytesOf(1_000_000, 1)),
  'large.txt': file('text that packs well\n'.repeat(40_000)),
  'links/far': { kind: 'link', target: `../${long}` },
})

async function pushArchive(format: string, path = 'geo/v1/'): Promise<string> {
  const { status, body, text } = await world.ask(`${path}?archive=${format}`)
  assert.equal(status, 200, status === 200 ? '' : text)
  const place = world.at(`out.${format}`)
  await writeFile(place, body)
  const [result] = await world.client.push(place, ['copy:latest'])
  return result!.digest
}

describe('an archive of a folder', () => {
  for (const format of ['tar', 'tar.zst', 'zip']) {
    it(`as ${format} has all that is in it, bit for bit`, async () => {
      assert.equal(await pushArchive(format), world.digest)
    })

    it(`as ${format} is named for what it is`, async () => {
      const { status, headers, body } = await world.ask(`geo/v1/odd/?archive=${format}`, {}, 'HEAD')
      assert.deepEqual([status, body.length], [200, 0])
      assert.equal(headers['content-disposition'], `attachment; filename="geo-v1-odd.${format}"`)
    })
  }

  it('has paths from that folder on', async () => {
    const inner = await world.push('inner:v1', { file: file('deep') })
    assert.equal(await pushArchive('zip', 'geo/v1/deep/er/'), inner)
    assert.equal(await pushArchive('tar', 'geo/v1/links/to-folder/'), inner)
  })

  it('may be empty', async () => {
    const { body } = await world.ask('geo/v1/nothing/in-here/?archive=tar')
    assert.deepEqual(body, Buffer.alloc(1024))
    assert.equal((await world.ask('geo/v1/nothing/in-here/?archive=zip')).body.length, 22)
  })

  it('has a name that every system takes, and beside it the real one', async () => {
    const folder = long.split('/').slice(0, 2).map(encodeURIComponent).join('/')
    const { headers } = await world.ask(`geo/v1/${folder}/?archive=tar`, {}, 'HEAD')
    assert.match(String(headers['content-disposition']), /^attachment; filename="geo-v1-long-name-[A-Za-z0-9._+-]+"$/)
  })

  it('is of a snapshot alone', async () => {
    assert.equal((await world.ask('geo/?archive=zip')).status, 400)
    assert.equal((await world.ask('?archive=tar')).status, 400)
    assert.equal((await world.ask('geo/v1/data.csv?archive=tar')).status, 400)
  })

  it('as zip may be of any size', async () => {
    const tree = world.hub.trees(ANONYMOUS)
    const folder = fixed((await tree.find(['geo', 'v1'])) as TreeFolder)
    const place = world.at('large.zip')
    await writeFile(place, await Array.fromAsync(zipArchive(tree, folder, { zip64From: 1000 })))
    const [result] = await world.client.push(place, ['copy:large'])
    assert.equal(result!.digest, world.digest)
  })
})
