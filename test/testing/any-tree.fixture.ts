// Any tree of files, for property tests: odd names, empty folders, links, executables, and sizes around the borders at
// which the chunker and the ways of storing change.
import fc from 'fast-check'
import { linkStaysInside } from '../../src/core/path.ts'
import { randomBytesOf } from './random.fixture.ts'
import type { Node, Tree } from './tree.fixture.ts'

const KiB = 1024
const BORDERS = [32 * KiB, 64 * KiB, 256 * KiB, 1024 * KiB]

/** Names whose byte order is not the order in which a walk meets them, and names that need escapes somewhere. */
const ODD_NAMES = ['a', 'a.b', 'a-b', 'a b', 'ab', 'A', 'line\nfeed', '\\n', 'back\\slash', ' ', '\t', '-rf', '*', '$HOME']
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
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom(...BORDERS), fc.integer({ min: -2, max: 2 })).map(([a, b]) => a + b) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 400 * KiB }) },
)

/** Few seeds, so that files often share their bytes or the beginning of them. */
const bytes = fc
  .record({ size, seed: fc.integer({ min: 0, max: 5 }), style: fc.constantFrom('random', 'text', 'zeros') })
  .map(({ size, seed, style }) => bytesOf(size, seed, style))

function bytesOf(size: number, seed: number, style: string): Buffer {
  if (style === 'zeros') return Buffer.alloc(size, seed)
  if (style === 'text') return Buffer.alloc(size, `line of text number ${seed}, and on it goes\n`)
  return randomBytesOf(size, seed)
}

const target = fc.oneof(path, fc.constantFrom('.', './a', 'no/such/file', '../a', '../../a b', 'a/../a.b', 'a//b/'))

const node: fc.Arbitrary<Node> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('file' as const), bytes, executable: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('folder' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('link' as const), target }) },
)

export const anyTree: fc.Arbitrary<Tree> = fc.array(fc.tuple(path, node), { maxLength: 25 }).map(withoutClashes)

/** Leaves out what cannot stand beside what came before it, and links that a push refuses. */
function withoutClashes(drafts: [string, Node][]): Tree {
  const tree: Tree = {}
  for (const [path, node] of drafts) {
    const isRefused = node.kind === 'link' && !linkStaysInside(path, node.target)
    if (!isRefused && !Object.keys(tree).some((other) => clash(other, path))) tree[path] = node
  }
  return tree
}

function clash(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`)
}

/** For error messages and counterexamples: what the tree is, without its bytes. */
export function describeTree(tree: Tree): string {
  const lines = Object.entries(tree).map(([path, node]) => `${JSON.stringify(path)} ${describeNode(node)}`)
  return lines.join('\n')
}

function describeNode(node: Node): string {
  if (node.kind === 'file') return `${node.bytes.length} bytes${node.executable ? ', executable' : ''}`
  return node.kind === 'link' ? `-> ${JSON.stringify(node.target)}` : 'empty folder'
}
