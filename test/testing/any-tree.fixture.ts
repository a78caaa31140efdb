// Any tree of files, for property tests: odd names, empty folders, links, executables, and sizes around the borders at
// which the chunker and the ways of storing change.
import fc from 'fast-check'
import { linkStaysInside } from '../../src/core/path.ts'
import { randomBytesOf } from './random.fixture.ts'
import type { Node, Tree } from './tree.fixture.ts'

const KiB = 1024
const BORDERS = [32 * KiB, 64 * KiB, 256 * KiB, 1024 * KiB]

/** Names whose byte order is not the order in which a walk meets them, and names that need escapes somewhere. */
const ODD_NAMES = [
  'a',
  'a.b',
  'a-b',
  'a b',
  'ab',
  'A',
  'line\nfeed',
  '\\n',
  'back\\slash',
  ' ',
  '\t',
  '-rf',
  '*',
  '$HOME',
]
const UNICODE_NAMES = ['é', 'e\u0301', '日本', '\uE000', '\u{10000}', '\uFFFD', '\u202E', '👩‍👩‍👧', 'x'.repeat(255)]

const name = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...ODD_NAMES) },
  { weight: 2, arbitrary: fc.constantFrom(...UNICODE_NAMES) },
  {
    weight: 2,
    arbitrary: fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 6 })
      .filter((text) => text !== '.' && text !== '..' && !/[/\0]/.test(text) && text.isWellFormed()),
  },
)

const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'))

const size = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 0, max: 3000 }) },
  {
    weight: 4,
    arbitrary: fc.tuple(fc.constantFrom(...BORDERS), fc.integer({ min: -2, max: 2 })).map(([a, b]) => a + b),
  },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 400 * KiB }) },
)

/** Few seeds, so that files often share their bytes or the beginning of them. */
const content = fc.record({
  size,
  seed: fc.integer({ min: 0, max: 5 }),
  style: fc.constantFrom('random' as const, 'text' as const, 'zeros' as const),
})

const target = fc.oneof(path, fc.constantFrom('.', './a', 'no/such/file', '../a', '../../a b', 'a/../a.b', 'a//b/'))

/** One entry of a tree, written down so that a failing test shows it in a line. */
export type Recipe = { path: string } & (
  | { kind: 'file'; size: number; seed: number; style: 'random' | 'text' | 'zeros'; executable: boolean }
  | { kind: 'folder' }
  | { kind: 'link'; target: string }
)

const recipe: fc.Arbitrary<Recipe> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .record({ path, content, executable: fc.boolean() })
      .map(({ path, content, executable }) => ({ path, kind: 'file' as const, ...content, executable })),
  },
  { weight: 1, arbitrary: fc.record({ path, kind: fc.constant('folder' as const) }) },
  { weight: 1, arbitrary: fc.record({ path, kind: fc.constant('link' as const), target }) },
)

/** Recipes of a tree. */
export const anyTree: fc.Arbitrary<Recipe[]> = fc.array(recipe, { maxLength: 25 }).map(withoutClashes)

/** Leaves out what cannot stand beside what came before it, and links that a push refuses. */
function withoutClashes(drafts: Recipe[]): Recipe[] {
  const kept: Recipe[] = []
  for (const draft of drafts) {
    const isRefused = draft.kind === 'link' && !linkStaysInside(draft.path, draft.target)
    if (!isRefused && !kept.some((other) => clash(other.path, draft.path))) kept.push(draft)
  }
  return kept
}

function clash(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`)
}

export function bakeTree(recipes: readonly Recipe[]): Tree {
  return Object.fromEntries(recipes.map((recipe) => [recipe.path, bake(recipe)]))
}

function bake(recipe: Recipe): Node {
  if (recipe.kind !== 'file') return recipe
  return { kind: 'file', bytes: bytesOf(recipe), executable: recipe.executable }
}

function bytesOf({ size, seed, style }: Extract<Recipe, { kind: 'file' }>): Buffer {
  if (style === 'zeros') return Buffer.alloc(size, seed)
  if (style === 'text') return Buffer.alloc(size, `line of text number ${seed}, and on it goes\n`)
  return randomBytesOf(size, seed)
}
