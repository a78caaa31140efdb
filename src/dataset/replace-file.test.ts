import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { replaceFile } from './replace-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'replace-file-'))
after(() => rmSync(folder, { recursive: true }))

describe('replaceFile', () => {
  it('leaves one of the values and nothing else when many write at once', async () => {
    const path = join(folder, 'new', 'file')
    await Promise.all(Array.from({ length: 20 }, (_, i) => replaceFile(path, Buffer.from(`value ${i}`))))
    assert.match(readFileSync(path, 'utf8'), /^value \d+$/)
    assert.deepEqual(readdirSync(join(folder, 'new')), ['file'])
  })
  it('takes the bytes in pieces, and goes on when one is written', async () => {
    const piece = Buffer.alloc(1000)
    function* pieces() {
      for (let i = 0; i < 9; i++) yield piece.fill(i)
    }
    const path = join(folder, 'new', 'file')
    await replaceFile(path, pieces())
    assert.deepEqual(readFileSync(path), Buffer.concat(Array.from({ length: 9 }, (_, i) => Buffer.alloc(1000, i))))
  })
  it('leaves nothing behind when it fails', async () => {
    await assert.rejects(replaceFile(join(folder, 'new'), Buffer.from('a folder is in the way')))
    assert.deepEqual(readdirSync(folder), ['new'])
  })
  it('removes what a process that was killed left half written, once that is a day old', async () => {
    const path = join(folder, 'left', 'file')
    await replaceFile(path, Buffer.from('one'))
    for (const name of ['file.0123456789ab', 'file.ba9876543210', 'file.txt', 'other.0123456789ab']) {
      writeFileSync(join(folder, 'left', name), 'half')
      if (name !== 'file.ba9876543210') utimesSync(join(folder, 'left', name), 1, 1)
    }
    await replaceFile(path, Buffer.from('two'))
    const left = ['file', 'file.ba9876543210', 'file.txt', 'other.0123456789ab']
    assert.deepEqual(readdirSync(join(folder, 'left')).sort(), left)
  })
})
