// scripts/snapshot-digest.sh is the second opinion on digests, so it is tried on any tree.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { times } from '../../../test/testing/thorough.fixture.ts'
import { formatDigest } from '../../core/id.ts'
import { anyTree, treeOf } from './testing/any-tree.fixture.ts'
import type { Tree } from './testing/memory-hub.fixture.ts'
import { createPulling } from './testing/pulling.fixture.ts'
import { file, temporaryFolder } from './testing/trees.fixture.ts'

const SCRIPT = fileURLToPath(new URL('../../../scripts/snapshot-digest.sh', import.meta.url))

function digestByScript(folder: string): string {
  return execFileSync('sh', [SCRIPT, folder], { encoding: 'utf8' }).trimEnd()
}

describe('snapshot-digest.sh', () => {
  it('computes the digest of any tree', async (t) => {
    let run = 0
    const law = fc.asyncProperty(anyTree, async (tree) => {
      const { hub, pull } = createPulling(t)
      const output = join(temporaryFolder(t), `out${run++}`)
      const digest = await hub.publish('db:latest', treeOf(tree))
      await pull('db', { output })
      assert.equal(digestByScript(output), formatDigest(digest))
    })
    await fc.assert(law, { numRuns: times(25, 10), ...(process.env.SEED && { seed: Number(process.env.SEED) }) })
  })

  it('computes the digest of what a link of a target points to, and of many files', async (t) => {
    const { hub, pull } = createPulling(t)
    const tree: Tree = { '-n': file('x'), '--': file('y', { executable: true }) }
    for (let i = 0; i < 3000; i++) tree[`a folder/${i % 10}/${i}\n`] = file(`${i}`)
    const digest = await hub.publish('db:latest', tree)
    const { path } = await pull('db')
    assert.equal(digestByScript(path), formatDigest(digest))
  })

  it('refuses what no snapshot holds', (t) => {
    const folder = temporaryFolder(t)
    execFileSync('mkfifo', [join(folder, 'pipe')])
    assert.throws(() => execFileSync('sh', [SCRIPT, folder], { stdio: 'pipe' }), /is no file, link or folder/)
    mkdirSync(join(folder, 'sub'))
    symlinkSync('sub', join(folder, 'link'))
    assert.match(digestByScript(join(folder, 'link')), /^sha256:67ca0b89/)
  })
})
