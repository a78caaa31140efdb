import assert from 'node:assert/strict'
import { symlinkSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, it } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { detectSource } from './source-spec.ts'
import { aetherError, makeTree, run, temporaryFolder } from './sources.fixture.ts'

const TAR = Buffer.alloc(10240)
const ZIP = Buffer.from('504b0506000000000000000000000000000000000000', 'hex')

describe('detectSource', () => {
  it('knows kinds by name and content', async (t) => {
    const folder = temporaryFolder(t)
    const files: [name: string, bytes: Buffer, kind: string][] = [
      ['a.tar', TAR, 'tar'],
      ['A.TAR', TAR, 'tar'],
      ['a.tar.gz', gzipSync(TAR), 'tar.gz'],
      ['a.tgz', gzipSync(TAR), 'tar.gz'],
      ['a.tar.zst', zstdCompressSync(TAR), 'tar.zst'],
      ['a.tzst', zstdCompressSync(TAR), 'tar.zst'],
      ['skip.tzst', Buffer.from('502a4d1800000000', 'hex'), 'tar.zst'],
      ['a.zip', ZIP, 'zip'],
      ['a.gz', gzipSync(TAR), 'file'],
      ['tar', TAR, 'file'],
      ['a.tar.xz', TAR, 'file'],
      ['a.db', ZIP, 'file'],
      ['empty', Buffer.alloc(0), 'file'],
    ]
    for (const [name, bytes, kind] of files) {
      writeFileSync(join(folder, name), bytes)
      assert.deepEqual(await detectSource(join(folder, name)), { kind, path: join(folder, name) })
    }
    assert.deepEqual(await detectSource(folder), { kind: 'folder', path: folder })
  })

  it('knows a tar archive of every format by its header', async (t) => {
    const folder = makeTree(temporaryFolder(t), { x: 'x' })
    for (const format of ['v7', 'oldgnu', 'gnu', 'ustar', 'posix']) {
      run('tar', [`--format=${format}`, '-cf', `${format}.tar`, 'x'], { cwd: folder })
      assert.equal((await detectSource(join(folder, `${format}.tar`))).kind, 'tar')
    }
  })

  it('follows links, and takes paths from where it runs', async (t) => {
    const folder = makeTree(temporaryFolder(t), { 'd/x': 'x' })
    symlinkSync('d', join(folder, 'l'))
    symlinkSync('d/x', join(folder, 'f'))
    assert.deepEqual(await detectSource(relative('.', join(folder, 'l'))), { kind: 'folder', path: join(folder, 'l') })
    assert.equal((await detectSource(join(folder, 'f'))).kind, 'file')
  })

  it('explains an archive that is not what its name says', async (t) => {
    const folder = temporaryFolder(t)
    const says = async (name: string, bytes: Buffer, words: string) => {
      writeFileSync(join(folder, name), bytes)
      await assert.rejects(detectSource(join(folder, name)), aetherError('source', words))
    }
    await says(
      'a.zip',
      TAR,
      'a.zip" is named as a zip archive but begins as a tar archive\nhint: Give it the name of what it is',
    )
    await says('a.tar', gzipSync(TAR), 'a.tar" is named as a tar archive but begins as gzip data')
    await says('a.tgz', Buffer.from('<html>'), 'a.tgz" is named as gzip data but does not begin as one')
    await says('a.tzst', gzipSync(TAR), 'a.tzst" is named as zstd data but begins as gzip data')
    await says('e.tar', Buffer.alloc(0), 'does not begin as one')
  })

  it('says when there is nothing, and when it is nothing to push', async (t) => {
    const folder = makeTree(temporaryFolder(t), { x: 'x' })
    await assert.rejects(detectSource(join(folder, 'no')), aetherError('not-found', 'There is no "'))
    await assert.rejects(detectSource(join(folder, 'x/no')), aetherError('not-found', 'There is no "'))
    await assert.rejects(
      detectSource('/dev/null'),
      aetherError('source', /it is a character device\nhint: Push a folder, a file or an archive/),
    )
  })
})
