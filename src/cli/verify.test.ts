import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Client, OpenSnapshot } from '../client/client.ts'
import { type FileHash, sha256Hex } from '../core/id.ts'
import { DIGEST_A, file, GEO } from './testing/samples.fixture.ts'
import { createTestWorld } from './testing/test-world.fixture.ts'

describe('aetherfs verify', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'aetherfs-verify-'))
    await writeFile(join(folder, 'a.txt'), 'hello')
  })
  after(() => rm(folder, { recursive: true }))

  async function verify(expected: string, ...more: string[]) {
    const entries = [file('a.txt', expected.length, { hash: sha256Hex(expected) as FileHash })]
    const open: Client['open'] = async () =>
      ({ host: 'h:1', dataset: GEO, digest: DIGEST_A, entries }) as unknown as OpenSnapshot
    const world = createTestWorld({ client: { open } })
    const code = await world.run('verify', folder, 'geo:v1', ...more)
    return { code, out: world.stdout.text(), err: world.stderr.text() }
  }

  it('agrees with a folder that is as the hub says', async () => {
    assert.deepEqual(await verify('hello'), { code: 0, out: `ok  ${folder}: 1 file, 5 B\n`, err: '' })
  })

  it('names what is not, and exits with 7', async () => {
    const { code, out, err } = await verify('hallo')
    assert.equal(code, 7)
    assert.match(out, /^bad {2}.*: 1 file, 5 B\n {2}changed: a.txt/)
    assert.match(
      err,
      /^aetherfs: 1 thing in ".*" is not as delivered\nhint: Pull it again: aetherfs pull -o <folder> geo:v1\n$/,
    )
  })

  it('writes one JSON document with --json', async () => {
    const { out, err } = await verify('hallo', '--json')
    const { ok, versions } = JSON.parse(out)
    assert.equal(ok, false)
    const { findings, ...version } = versions[0]
    assert.deepEqual(version, {
      path: folder,
      host: 'h:1',
      dataset: 'geo',
      digest: `sha256:${DIGEST_A}`,
      links: [],
      known: true,
      files: 1,
      bytes: 5,
    })
    assert.deepEqual([findings[0].path, findings[0].problem], ['a.txt', 'changed'])
    assert.equal(JSON.parse(err).error.code, 'integrity')
  })

  it('says where there is nothing that was pulled', async () => {
    const world = createTestWorld()
    assert.equal(await world.run('verify', folder), 3)
    assert.match(world.stderr.text(), /There is no pulled version at/)
  })
})
