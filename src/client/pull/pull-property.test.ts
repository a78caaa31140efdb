import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import fc from 'fast-check'
import { compareBytes } from '../../core/path.ts'
import type { Tree, TreeEntry } from './testing/memory-hub.fixture.ts'
import { createPulling } from './testing/pulling.fixture.ts'
import { file, noise, shapeOfFolder, shapeOfTree } from './testing/trees.fixture.ts'
import { verifyFolder } from './verify-folder.ts'

const part = fc.oneof(
  fc.constantFrom('a', 'b', 'a.b', 'a b', 'é', 'e\u0301', '-', '~', '\n', '\\', '#x', '!y', '*', '𝄞', '\uffff', 'A'),
  fc.stringMatching(/^[a-c]{1,3}$/),
)
const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))
const micros = fc.integer({ min: -2_000_000_000_000_000, max: 4_000_000_000_000_000 })
const size = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 30_000, max: 34_000 }), fc.integer({ min: 0, max: 700_000 }))
// Few seeds, so that files share their beginnings or are the same.
const bytes = fc.tuple(fc.integer({ min: 1, max: 4 }), size).map(([seed, length]) => noise(seed, length))
const entry: fc.Arbitrary<TreeEntry> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ bytes, executable: fc.boolean(), micros }).map((e) => file(e.bytes, e)) },
  { weight: 1, arbitrary: micros.map((time): TreeEntry => ({ kind: 'folder', micros: time })) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom('x', './a/../b', 'a b'), micros).map(([target, time]): TreeEntry => ({ kind: 'link', target, micros: time })),
  },
)

/** Entries below a file, a link or an empty folder are left out. */
const tree = fc.array(fc.tuple(path, entry), { maxLength: 25 }).map((pairs): Tree => {
  const result: Tree = {}
  for (const [name, value] of pairs.sort(([a], [b]) => compareBytes(a, b))) {
    const taken = Object.keys(result).some((other) => name === other || name.startsWith(`${other}/`) || other.startsWith(`${name}/`))
    if (!taken) result[name] = value
  }
  return result
})

function withoutTimes(t: Tree) {
  return shapeOfTree(t, false)
}

describe('pull of any tree', () => {
  it('gives the same tree, first and after each change, and verifies', async (t) => {
    let run = 0
    const law = fc.asyncProperty(fc.array(tree, { minLength: 1, maxLength: 3 }), async (versions) => {
      await checkVersions(t, versions, `run${run++}`)
    })
    await fc.assert(law, { numRuns: 60, ...(process.env.SEED && { seed: Number(process.env.SEED) }) })
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
