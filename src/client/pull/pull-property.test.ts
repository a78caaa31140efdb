import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import fc from 'fast-check'
import { times } from '../../../test/testing/thorough.fixture.ts'
import { anyTree, treeOf } from './testing/any-tree.fixture.ts'
import type { Tree } from './testing/memory-hub.fixture.ts'
import { createPulling } from './testing/pulling.fixture.ts'
import { shapeOfFolder, shapeOfTree } from './testing/trees.fixture.ts'
import { verifyFolder } from './verify-folder.ts'

function withoutTimes(t: Tree) {
  return shapeOfTree(t, false)
}

describe('pull of any tree', () => {
  it('gives the same tree, first and after each change, and verifies', async (t) => {
    let run = 0
    const law = fc.asyncProperty(fc.array(anyTree, { minLength: 1, maxLength: 3 }), async (versions) => {
      await checkVersions(t, versions.map(treeOf), `run${run++}`)
    })
    await fc.assert(law, { numRuns: times(60, 12), ...(process.env.SEED && { seed: Number(process.env.SEED) }) })
  })
})

async function checkVersions(t: TestContext, versions: Tree[], name: string): Promise<void> {
  const { hub, pull, target } = createPulling(t)
  for (const [i, version] of versions.entries()) {
    await hub.publish(`${name}:latest`, version)
    const result = await pull(name)
    // Files that did not change keep the time that they were first delivered with.
    if (i === 0) assert.deepEqual(shapeOfFolder(`${result.path}/`), shapeOfTree(version))
    else assert.deepEqual(shapeOfFolder(`${result.path}/`, false), withoutTimes(version))
    assert.deepEqual(result.warnings, [])
  }
  assert.deepEqual((await verifyFolder(join(target, name))).ok, true)
}
