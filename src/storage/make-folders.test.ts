import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { makeFolders } from './make-folders.ts'

const root = mkdtempSync(join(tmpdir(), 'make-folders-'))
after(() => rmSync(root, { recursive: true }))

describe('makeFolders', () => {
  it('makes what is missing and names it', async () => {
    const deep = join(root, 'a', 'b', 'c')
    assert.deepEqual(await makeFolders(deep, 0o700), [join(root, 'a'), join(root, 'a', 'b'), deep])
    assert.equal(statSync(deep).mode & 0o777, 0o700)
    assert.deepEqual(await makeFolders(deep, 0o700), [])
  })

  it('refuses what is no folder', async () => {
    writeFileSync(join(root, 'file'), '')
    await assert.rejects(makeFolders(join(root, 'file'), 0o700), { code: 'EEXIST' })
    await assert.rejects(makeFolders(join(root, 'file', 'below'), 0o700), { code: 'ENOTDIR' })
  })

  it('gives up where a file system makes no folders though the one above is there', {
    skip: !existsSync('/proc/self') && 'no /proc here',
  }, async () => {
    await assert.rejects(makeFolders('/proc/aetherfs/store', 0o700), { code: 'ENOENT' })
  })
})
