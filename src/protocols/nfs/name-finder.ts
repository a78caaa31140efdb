// Finds names again from their hashes: those that were seen are remembered, others are looked for in the tree.
import { parseDatasetName } from '../../core/names.ts'
import { createLruCache } from '../../dataset/lru-cache.ts'
import type { Place, ReadableTree } from '../../dataset/tree/readable-tree.ts'
import type { NameHash } from './handle-codec.ts'

export interface NameFinder {
  /** Hash of a name, which is remembered. */
  hashOf(name: string): NameHash
  /** Name of a node in a folder above snapshots. */
  nameIn(folder: Place, hash: NameHash): Promise<string | undefined>
  /** Of a dataset, with its scope. */
  datasetOf(hash: NameHash): Promise<string | undefined>
}

/** Names that are remembered. */
const REMEMBERED = 20_000
/** Names of a page of the tree. */
const PAGE = 1000
/** Milliseconds for which a name that is not there is not looked for again. */
const ABSENCE = 1000

export function createNameFinder(tree: ReadableTree, hash: (name: string) => NameHash, now = Date.now): NameFinder {
  const hashes = createLruCache<string, NameHash>(REMEMBERED, () => 1)
  const names = createLruCache<NameHash, string>(REMEMBERED, () => 1)
  const absent = createLruCache<string, number>(REMEMBERED, () => 1)
  const underWay = new Map<string, Promise<string | undefined>>()

  function hashOf(name: string): NameHash {
    const known = hashes.get(name) ?? hash(name)
    hashes.set(name, known)
    names.set(known, name)
    return known
  }

  async function search(key: string, wanted: NameHash, candidates: AsyncIterable<string>) {
    for await (const name of candidates) if (hashOf(name) === wanted) return name
    absent.set(key, now())
    return undefined
  }

  /** Many that ask for the same are answered by one search. */
  async function find(where: string, wanted: NameHash, candidates: () => AsyncIterable<string>) {
    const key = `${where} ${wanted}`
    const known = names.get(wanted)
    if (known !== undefined) return known
    if (now() - (absent.get(key) ?? Number.NEGATIVE_INFINITY) < ABSENCE) return undefined
    const searching = underWay.get(key) ?? search(key, wanted, candidates()).finally(() => underWay.delete(key))
    underWay.set(key, searching)
    return searching
  }

  return {
    hashOf,
    nameIn: (folder, wanted) => find(JSON.stringify(folder), wanted, () => namesIn(tree, folder)),
    datasetOf: (wanted) => find('datasets', wanted, () => datasetsOf(tree)),
  }
}

async function* namesIn(tree: ReadableTree, folder: Place): AsyncGenerator<string> {
  for (let after: string | undefined; ; ) {
    const { items, isLast } = await tree.list(folder, { limit: PAGE, ...(after !== undefined && { after }) })
    for (const { node } of items) yield node.name
    if (isLast) return
    after = items.at(-1)!.token
  }
}

async function* datasetsOf(tree: ReadableTree): AsyncGenerator<string> {
  for await (const name of namesIn(tree, { level: 'root' })) {
    if (!name.startsWith('@')) yield parseDatasetName(name)
    else for await (const inner of namesIn(tree, { level: 'scope', scope: name })) yield `${name}/${inner}`
  }
}
