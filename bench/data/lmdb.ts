// A file as LMDB keeps it: pages of 4 KiB, a B+tree, and copy-on-write. Each transaction writes the leaves that it changes,
// and the branches above them, to other places; the pages that they were in are free for a transaction later on.
import { join } from 'node:path'
import { createRandom, type Random } from './random.ts'
import { writePieces } from './write-pieces.ts'

const PAGE = 4096
const PAGE_HEADER = 16
const [BRANCH, LEAF, META] = [0x01, 0x02, 0x08]
const PER_LEAF = 16
const PER_BRANCH = 128
const VALUE = 232
/** Part of the values that the second version has updated, and in how many transactions. */
const UPDATED = 0.01
const TRANSACTIONS = 16

interface Tree {
  /** The file, page by page. */
  pages: Buffer[]
  /** Values by their keys, which are the numbers from 0 on. */
  values: string[]
  /** Pages of the leaves, of the branches above them, and so on; the last level has one page, the root. */
  levels: number[][]
  transaction: number
}

export function makeLmdb(v1: string, v2: string, bytes: number): void {
  const random = createRandom(1)
  const leaves = Math.max(2, Math.ceil(bytes / PAGE))
  const values = Array.from({ length: leaves * PER_LEAF }, () => textOf(random))
  const tree: Tree = { pages: [Buffer.alloc(PAGE), Buffer.alloc(PAGE)], values, levels: [], transaction: 1 }
  build(tree, leaves)
  writePieces(join(v1, 'data.mdb'), tree.pages)
  update(tree, createRandom(2))
  writePieces(join(v2, 'data.mdb'), tree.pages)
}

function textOf(random: Random): string {
  return random.words(48).padEnd(VALUE).slice(0, VALUE)
}

function build(tree: Tree, leaves: number): void {
  for (let count = leaves; ; count = Math.ceil(count / PER_BRANCH)) {
    const level = tree.levels.length
    tree.levels.push([])
    for (let i = 0; i < count; i++) tree.levels[level]!.push(tree.pages.push(Buffer.alloc(0)) - 1)
    for (let i = 0; i < count; i++) writeNode(tree, level, i)
    if (count === 1) break
  }
  writeMeta(tree)
}

function update(tree: Tree, random: Random): void {
  const perTransaction = Math.ceil((tree.values.length * UPDATED) / TRANSACTIONS)
  let free: number[] = []
  for (let i = 0; i < TRANSACTIONS; i++) {
    const changed = new Set<number>()
    for (let n = 0; n < perTransaction; n++) {
      const key = random.below(tree.values.length)
      tree.values[key] = textOf(random)
      changed.add(Math.floor(key / PER_LEAF))
    }
    free = commit(tree, changed, free)
  }
}

/** @param free pages that may be written. @returns those for the next transaction */
function commit(tree: Tree, leaves: Set<number>, free: number[]): number[] {
  tree.transaction++
  const freed: number[] = []
  let changed = leaves
  for (const [level, pages] of tree.levels.entries()) {
    for (const i of changed) {
      freed.push(pages[i]!)
      pages[i] = free.shift() ?? tree.pages.push(Buffer.alloc(0)) - 1
      writeNode(tree, level, i)
    }
    changed = new Set([...changed].map((i) => Math.floor(i / PER_BRANCH)))
  }
  writeMeta(tree)
  return [...free, ...freed].sort((a, b) => a - b)
}

function writeNode(tree: Tree, level: number, index: number): void {
  const number = tree.levels[level]![index]!
  tree.pages[number] = level === 0 ? leafOf(tree, number, index) : branchOf(tree, number, level, index)
}

function leafOf({ values }: Tree, number: number, index: number): Buffer {
  const first = index * PER_LEAF
  const nodes = values.slice(first, first + PER_LEAF).map((value, i) => {
    const node = Buffer.alloc(16 + VALUE)
    node.writeUInt32LE(VALUE)
    node.writeUInt16LE(8, 6)
    node.writeBigUInt64BE(BigInt(first + i), 8)
    node.write(value, 16, 'latin1')
    return node
  })
  return pageOf(number, LEAF, nodes)
}

function branchOf({ levels }: Tree, number: number, level: number, index: number): Buffer {
  const first = index * PER_BRANCH
  const nodes = levels[level - 1]!.slice(first, first + PER_BRANCH).map((child, i) => {
    const node = Buffer.alloc(16)
    node.writeUInt32LE(child)
    node.writeUInt16LE(8, 6)
    node.writeBigUInt64BE(BigInt((first + i) * PER_LEAF * PER_BRANCH ** (level - 1)), 8)
    return node
  })
  return pageOf(number, BRANCH, nodes)
}

/** Its header, where its nodes are, and the nodes from the end on. */
function pageOf(number: number, flags: number, nodes: readonly Buffer[]): Buffer {
  const page = Buffer.alloc(PAGE)
  let end = PAGE
  for (const [i, node] of nodes.entries()) {
    end -= node.length
    node.copy(page, end)
    page.writeUInt16LE(end, PAGE_HEADER + 2 * i)
  }
  page.writeUInt32LE(number)
  page.writeUInt16LE(flags, 10)
  page.writeUInt16LE(PAGE_HEADER + 2 * nodes.length, 12)
  page.writeUInt16LE(end, 14)
  return page
}

/** The two take turns. */
function writeMeta({ pages, levels, transaction }: Tree): void {
  const number = transaction % 2
  const page = pageOf(number, META, [])
  page.writeUInt32LE(0xbeefc0de, PAGE_HEADER)
  page.writeUInt32LE(levels.at(-1)![0]!, PAGE_HEADER + 8)
  page.writeUInt32LE(pages.length - 1, PAGE_HEADER + 16)
  page.writeUInt32LE(transaction, PAGE_HEADER + 24)
  pages[number] = page
}
