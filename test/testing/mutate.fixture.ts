// Changes that a data set goes through from one version to the next.
import type { Random } from './random.fixture.ts'
import { randomBytesOf } from './random.fixture.ts'
import { file, type Node, type Tree } from './tree.fixture.ts'

type FileNode = Extract<Node, { kind: 'file' }>
type Mutation = (tree: Tree, path: string, random: Random) => void

/** By name, so that a failing test can say what was done. */
export const MUTATIONS: Record<string, Mutation> = {
  edit: (tree, path, random) => change(tree, path, (bytes) => overwrite(bytes, random)),
  truncate: (tree, path, random) => change(tree, path, (bytes) => bytes.subarray(0, random.int(0, bytes.length))),
  append: (tree, path, random) => change(tree, path, (bytes) => Buffer.concat([bytes, someBytes(random)])),
  prefix: (tree, path, random) => change(tree, path, (bytes) => Buffer.concat([someBytes(random), bytes])),
  insert: (tree, path, random) => change(tree, path, (bytes) => insertAt(bytes, random)),
  cut: (tree, path, random) => change(tree, path, (bytes) => cutOut(bytes, random)),
  rename(tree, path, random) {
    const node = tree[path]!
    delete tree[path]
    tree[`moved-${random.int(0, 1e6)}/${path}`] = node
  },
  remove: (tree, path) => void delete tree[path],
  add(tree, _path, random) {
    tree[`new-${random.int(0, 1e6)}`] = file(someBytes(random))
  },
  swap(tree, path, random) {
    const other = random.pick(filesOf(tree))
    ;[tree[path], tree[other]] = [tree[other]!, tree[path]!]
  },
  copy(tree, path, random) {
    tree[`copy-${random.int(0, 1e6)}`] = tree[path]!
  },
  mode(tree, path) {
    const node = tree[path] as FileNode
    tree[path] = { ...node, executable: !node.executable }
  },
}

/** A tree after some changes, and what they were. */
export function mutate(tree: Tree, random: Random): { tree: Tree; done: string[] } {
  const changed = { ...tree }
  const done: string[] = []
  for (let i = random.int(1, 6); i > 0; i--) {
    const files = filesOf(changed)
    const name = files.length === 0 ? 'add' : random.pick(Object.keys(MUTATIONS))
    const path = files.length === 0 ? '' : random.pick(files)
    MUTATIONS[name]!(changed, path, random)
    done.push(`${name} ${JSON.stringify(path)}`)
  }
  return { tree: changed, done }
}

function filesOf(tree: Tree): string[] {
  return Object.keys(tree).filter((path) => tree[path]!.kind === 'file')
}

function change(tree: Tree, path: string, by: (bytes: Uint8Array) => Uint8Array): void {
  const node = tree[path] as FileNode
  tree[path] = { ...node, bytes: by(node.bytes) }
}

function someBytes(random: Random): Buffer {
  return randomBytesOf(random.pick([1, 3, 100, 5000, 70_000]), random.next())
}

function overwrite(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = Buffer.from(bytes)
  const patch = someBytes(random).subarray(0, copy.length)
  copy.set(patch, random.int(0, copy.length - patch.length))
  return copy
}

function insertAt(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random.int(0, bytes.length)
  return Buffer.concat([bytes.subarray(0, at), someBytes(random), bytes.subarray(at)])
}

function cutOut(bytes: Uint8Array, random: Random): Uint8Array {
  const from = random.int(0, bytes.length)
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(Math.min(bytes.length, from + random.int(0, 80_000)))])
}
