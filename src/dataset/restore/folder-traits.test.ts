import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { probeFolder } from './folder-traits.ts'
import { syncFolder, syncTree } from './sync-folder.ts'

describe('probeFolder', () => {
  it('finds out what it can and leaves nothing behind', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'aetherfs-traits-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const traits = probeFolder(folder)
    assert.deepEqual(readdirSync(folder), [])
    assert.equal(traits.modeMask & 0o444, 0o777 & ~process.umask() & 0o444)
    if (process.platform !== 'linux') return
    assert.deepEqual(traits, {
      foldsCase: false,
      foldsUnicode: false,
      keepsMicros: true,
      modeMask: 0o777 & ~process.umask(),
    })
  })

  it('fails where nothing can be written', () => {
    assert.throws(() => probeFolder('/absent'), { code: 'ENOENT' })
  })
})

describe('syncTree', () => {
  it('takes a folder that is there and fails for one that is not', async () => {
    await syncFolder(tmpdir())
    await assert.rejects(syncTree(join(tmpdir(), 'aetherfs-absent')), { code: 'ENOENT' })
  })
})
