import assert from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { Skip } from '../testing/skip.ts'
import { temporaryFolder } from '../testing/temporary-folder.fixture.ts'
import { findCeph } from './ceph-packages.ts'

const isLinux = process.platform === 'linux'

/** @param apt what stands in the place of apt-get, if anything does */
async function checkSkip(apt: string | undefined, reason: RegExp, limit = 30_000): Promise<void> {
  await using folder = await temporaryFolder()
  if (apt !== undefined) await writeFile(folder.at('apt-get'), `#!/bin/sh\n${apt}\n`, { mode: 0o755 })
  const found = findCeph(new AbortController().signal, { cache: folder.at('cache'), path: folder.path, limit })
  await assert.rejects(found, (error) => error instanceof Skip && reason.test(error.message))
  assert.deepEqual(await readdir(folder.at('cache')), [])
}

describe('the search for Ceph', { skip: !isLinux }, () => {
  it('is given up where there are no packages of Debian', () => checkSkip(undefined, /there is no apt-get/))

  it('is given up in the words of apt-get', () =>
    checkSkip(
      'echo "E: Unable to locate package ceph-base" >&2; exit 100',
      /ceph cannot be fetched: Unable to locate package ceph-base$/,
    ))

  it('is given up after a while', () => checkSkip('exec /bin/sleep 60', /it took longer than 0.2 s/, 200))

  it('ends when it is told to', async () => {
    await using folder = await temporaryFolder()
    const stopped = AbortSignal.abort(new Error('enough'))
    await assert.rejects(findCeph(stopped, { cache: folder.at('cache'), path: folder.path }), /enough/)
  })
})
