// What the tree shows above snapshots: datasets and scopes, tags, and the digests that tags point to. All of it in pages, as the
// source gives it; nothing here holds more than a page.
import type { CallOptions, TagInfo } from '../../core/dataset.ts'
import { type Digest, formatDigest, parseDigest } from '../../core/id.ts'
import { type DatasetName, parseTagName, type TagName } from '../../core/names.ts'
import { nothingAt } from './place-of.ts'
import { BY_DIGEST, type ListOptions, type NodePage, type Place, type TreeFolder } from './readable-tree.ts'
import type { TreeSource } from './tree-source.ts'

/** Items that are asked of the source at once, at most. */
const PAGE = 1000

export const rootFolder: TreeFolder = folder('', { level: 'root' })

export function scopeFolder(scope: string): TreeFolder {
  return folder(scope, { level: 'scope', scope })
}

export function datasetFolder(dataset: DatasetName): TreeFolder {
  return folder(dataset.slice(dataset.indexOf('/') + 1), { level: 'dataset', dataset })
}

export function digestsFolder(dataset: DatasetName): TreeFolder {
  return folder(BY_DIGEST, { level: 'digests', dataset })
}

export function tagFolder(dataset: DatasetName, { name, digest, movedMicros }: TagInfo): TreeFolder {
  return folder(name, { level: 'tag', dataset, tag: name }, movedMicros, digest)
}

/** @param modifiedMicros 0 where nobody knows when it changed */
function folder(name: string, place: Place, modifiedMicros = 0, digest?: Digest): TreeFolder {
  return { kind: 'folder', name, place, modifiedMicros, digest }
}

/** @throws {AetherError} `not-found` for a dataset that nobody has pushed a tag of */
export async function requireDataset(source: TreeSource, dataset: DatasetName, options: CallOptions): Promise<void> {
  await source.listTags(dataset, { limit: 1, signal: options.signal })
}

/** @throws {AetherError} `not-found` for one without any dataset that the caller may see */
export async function requireScope(source: TreeSource, scope: string, options: CallOptions): Promise<void> {
  const { items } = await source.listDatasets({ prefix: `${scope}/`, limit: 1, signal: options.signal })
  if (items.length === 0) throw nothingAt([scope])
}

export function listRoot(source: TreeSource, options: ListOptions): Promise<NodePage> {
  const { after } = options
  return takePage(rootNodes(source, after?.startsWith('@') ? lastIn(after) : (after as DatasetName), options), options)
}

async function* rootNodes(
  source: TreeSource,
  after: DatasetName | undefined,
  options: ListOptions,
): AsyncGenerator<TreeFolder> {
  for (let start = after; ; ) {
    const { items, next } = await source.listDatasets({
      after: start,
      limit: pageSize(options),
      signal: options.signal,
    })
    let scope = scopeOf(start)
    for (const name of items) {
      const own = scopeOf(name)
      if (own === undefined) yield datasetFolder(name)
      else if (own !== scope) yield scopeFolder(own)
      scope = own
    }
    if (next === undefined) return
    start = scope === undefined ? items.at(-1) : lastIn(scope)
  }
}

export function listScope(source: TreeSource, scope: string, options: ListOptions): Promise<NodePage> {
  const after = options.after === undefined ? undefined : (`${scope}/${options.after}` as DatasetName)
  return takePage(scopeNodes(source, scope, after, options), options)
}

async function* scopeNodes(
  source: TreeSource,
  scope: string,
  after: DatasetName | undefined,
  options: ListOptions,
): AsyncGenerator<TreeFolder> {
  let seen = after !== undefined
  for (let start = after; ; ) {
    const page = { after: start, prefix: `${scope}/`, limit: pageSize(options), signal: options.signal }
    const { items, next } = await source.listDatasets(page)
    seen ||= items.length > 0
    yield* items.map(datasetFolder)
    if (!seen) throw nothingAt([scope])
    if (next === undefined) return
    start = items.at(-1)
  }
}

/** Its tags, and behind them the folder of digests. */
export function listDataset(source: TreeSource, dataset: DatasetName, options: ListOptions): Promise<NodePage> {
  return takePage(datasetNodes(source, dataset, options), options)
}

async function* datasetNodes(
  source: TreeSource,
  dataset: DatasetName,
  options: ListOptions,
): AsyncGenerator<TreeFolder> {
  if (options.after === BY_DIGEST) return
  const after = options.after === undefined ? undefined : parseTagName(options.after)
  for await (const tag of tagsOf(source, dataset, after, pageSize(options), options)) {
    if (tag.name !== BY_DIGEST) yield tagFolder(dataset, tag) // that name is taken
  }
  yield digestsFolder(dataset)
}

/** Snapshots that tags point to, in the order of their digests. */
export async function listDigests(source: TreeSource, dataset: DatasetName, options: ListOptions): Promise<NodePage> {
  const after = options.after === undefined ? '' : parseDigest(options.after)
  const smallest = new Map<Digest, TagInfo>()
  for await (const tag of tagsOf(source, dataset, undefined, PAGE, options)) {
    if (tag.digest > after) smallest.set(tag.digest, tag)
    if (smallest.size > 2 * options.limit + PAGE) keepSmallest(smallest, options.limit + 1)
  }
  const nodes = [...smallest.values()]
    .sort((a, b) => (a.digest < b.digest ? -1 : 1))
    .map(({ digest, movedMicros }) => {
      const place = { level: 'snapshot', dataset, digest, index: 0, depth: 0 } as const
      return folder(formatDigest(digest), place, movedMicros, digest)
    })
  return pageOf(nodes, options.limit)
}

function keepSmallest(tags: Map<Digest, TagInfo>, count: number): void {
  for (const digest of [...tags.keys()].sort().slice(count)) tags.delete(digest)
}

async function* tagsOf(
  source: TreeSource,
  dataset: DatasetName,
  after: TagName | undefined,
  limit: number,
  options: CallOptions,
): AsyncGenerator<TagInfo> {
  for (let start: string | undefined = after; ; ) {
    const { items, next } = await source.listTags(dataset, { after: start, limit, signal: options.signal })
    yield* items
    if (next === undefined) return
    start = next
  }
}

/** One more than the page has, so that it is known at once whether it is the last. */
function pageSize({ limit }: ListOptions): number {
  return Math.min(limit + 1, PAGE)
}

async function takePage(nodes: AsyncIterable<TreeFolder>, { limit }: ListOptions): Promise<NodePage> {
  const taken: TreeFolder[] = []
  for await (const node of nodes) {
    taken.push(node)
    if (taken.length > limit) break
  }
  return pageOf(taken, limit)
}

function pageOf(nodes: TreeFolder[], limit: number): NodePage {
  return {
    items: nodes.slice(0, limit).map((node) => ({ node, token: node.name })),
    isLast: nodes.length <= limit,
  }
}

function scopeOf(name: string | undefined): string | undefined {
  return name?.startsWith('@') ? name.slice(0, name.indexOf('/')) : undefined
}

/** Longest part of a name: docs of names.ts. */
const LONGEST_NAME = 128

/** A name that no dataset of the scope comes behind. */
function lastIn(scope: string): DatasetName {
  return `${scope}/${'z'.repeat(LONGEST_NAME)}` as DatasetName
}
