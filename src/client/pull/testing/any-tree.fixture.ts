// Any tree that a snapshot can hold, small enough to try many: odd names, equal files, sizes around those where chunks
// change. As plans of a few words, so that a counterexample can be read.
import fc from 'fast-check'
import { compareBytes } from '../../../core/path.ts'
import type { Tree, TreeEntry } from './memory-hub.fixture.ts'
import { file, noise } from './trees.fixture.ts'

type Plan =
  | { kind: 'file'; seed: number; size: number; executable: boolean; micros: number }
  | { kind: 'folder'; micros: number }
  | { kind: 'link'; target: string; micros: number }

export type TreePlan = [path: string, plan: Plan][]

const ODD_NAMES = ['a', 'b', 'a.b', 'a b', 'é', 'e\u0301', '-', '~', '\n', '\\', '#x', '!y', '*', '𝄞', '\uffff', 'A']
const part = fc.oneof(fc.constantFrom(...ODD_NAMES), fc.stringMatching(/^[a-c]{1,3}$/))
const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))
/** To 2036: later times are kept to a microsecond or so, because Node takes and gives them as doubles. */
const micros = fc.integer({ min: 0, max: 2_100_000_000_000_000 })
const size = fc.oneof(
  fc.integer({ min: 0, max: 300 }),
  fc.integer({ min: 30_000, max: 34_000 }),
  fc.integer({ min: 0, max: 700_000 }),
)
// Few seeds, so that files share their beginnings or are the same.
const seed = fc.integer({ min: 1, max: 4 })

const plan: fc.Arbitrary<Plan> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('file' as const), seed, size, executable: fc.boolean(), micros }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('folder' as const), micros }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('link' as const),
      target: fc.constantFrom('x', './a/../b', 'a b'),
      micros,
    }),
  },
)

export const anyTree: fc.Arbitrary<TreePlan> = fc.array(fc.tuple(path, plan), { maxLength: 25 })

/** Entries below a file, a link or an empty folder are left out. */
export function treeOf(plans: TreePlan): Tree {
  const tree: Tree = {}
  for (const [path, plan] of plans.toSorted(([a], [b]) => compareBytes(a, b))) {
    const meets = (other: string) => path === other || path.startsWith(`${other}/`) || other.startsWith(`${path}/`)
    if (!Object.keys(tree).some(meets)) tree[path] = entryOf(plan)
  }
  return tree
}

function entryOf(plan: Plan): TreeEntry {
  return plan.kind === 'file' ? file(noise(plan.seed, plan.size), plan) : plan
}
