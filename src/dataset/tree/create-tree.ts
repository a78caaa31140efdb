// The tree over any source: which level a call is about, and nothing else.
import type { CallOptions } from '../../core/dataset.ts'
import { AetherError } from '../../core/errors.ts'
import type { Digest } from '../../core/id.ts'
import type { DatasetName } from '../../core/names.ts'
import type { FetchBlock } from '../block-reader.ts'
import { fileStarts } from './file-starts.ts'
import { isName, nothingAt, parsePath, pathOf } from './place-of.ts'
import type { Place, ReadableTree, SnapshotPlace, TreeNode, WholeFiles } from './readable-tree.ts'
import { ROOT, type Spot } from './snapshot-folders.ts'
import { childAt, fileAt, nodeAt, nodeInside, pageOfFolder, type ShownSnapshot } from './snapshot-nodes.ts'
import type { TreeContents, WholeContents } from './tree-contents.ts'
import type { TreeSource } from './tree-source.ts'
import {
  datasetFolder,
  digestsFolder,
  listDataset,
  listDigests,
  listRoot,
  listScope,
  requireDataset,
  requireScope,
  rootFolder,
  scopeFolder,
  tagFolder,
} from './upper-levels.ts'
import { watchTag } from './watch-tag.ts'

type TagPlace = Extract<Place, { level: 'tag' }>

export interface TreeOptions {
  /** Milliseconds between two looks at a tag that is watched. @default 2000 */
  watchInterval?: number
}

export function createReadableTree(
  source: TreeSource,
  contents: TreeContents,
  { watchInterval }: TreeOptions = {},
): ReadableTree {
  async function open(dataset: DatasetName, digest: Digest, options: CallOptions): Promise<ShownSnapshot> {
    return { dataset, digest, ...(await source.openSnapshot(dataset, digest, options)) }
  }

  /** The snapshot that a place shows or is in, and where in it. */
  async function shownAt(
    place: TagPlace | SnapshotPlace,
    options: CallOptions,
  ): Promise<{ shown: ShownSnapshot; spot: Spot }> {
    if (place.level === 'snapshot')
      return {
        shown: await open(place.dataset, place.digest, options),
        spot: { index: place.index, depth: place.depth },
      }
    const { digest } = await source.getTag(place.dataset, place.tag, options)
    return { shown: await open(place.dataset, digest, options), spot: ROOT }
  }

  async function upperNode(place: Exclude<Place, SnapshotPlace>, options: CallOptions): Promise<TreeNode> {
    if (place.level === 'root') return rootFolder
    if (place.level === 'tag') return tagFolder(place.dataset, await source.getTag(place.dataset, place.tag, options))
    if (place.level === 'scope') {
      await requireScope(source, place.scope, options)
      return scopeFolder(place.scope)
    }
    await requireDataset(source, place.dataset, options)
    return place.level === 'digests' ? digestsFolder(place.dataset) : datasetFolder(place.dataset)
  }

  async function at(place: Place, options: CallOptions = {}): Promise<TreeNode> {
    if (place.level !== 'snapshot') return upperNode(place, options)
    return nodeAt(await open(place.dataset, place.digest, options), place)
  }

  async function find(path: readonly string[], options: CallOptions = {}): Promise<TreeNode> {
    const { level, inside } = parsePath(path)
    if (level.level === 'digest') return nodeInside(await open(level.dataset, level.digest, options), inside)
    if (inside.length === 0) return upperNode(level, options)
    if (level.level !== 'tag') throw nothingAt(path)
    return nodeInside((await shownAt(level, options)).shown, inside)
  }

  return {
    find,
    at,

    async child(folder, name, options = {}) {
      if (folder.level !== 'snapshot') return find([...pathOf(folder), name], options)
      if (!isName(name)) throw nothingAt([name])
      return childAt(await open(folder.dataset, folder.digest, options), folder, name)
    },

    async list(folder, options) {
      if (folder.level === 'root') return listRoot(source, options)
      if (folder.level === 'scope') return listScope(source, folder.scope, options)
      if (folder.level === 'dataset') return listDataset(source, folder.dataset, options)
      if (folder.level === 'digests') return listDigests(source, folder.dataset, options)
      const { shown, spot } = await shownAt(folder, options)
      return pageOfFolder(shown, spot, options.after, options.limit)
    },

    async *read(place, range, options = {}) {
      const { record, span, file, fetch } = await locate(place, options)
      const offset = Math.min(checkedWhole(range.offset), file.size)
      const length = Math.min(checkedWhole(range.length), file.size - offset)
      if (length > 0) yield* contents.read(record, span, { offset, length }, fetch, options)
    },

    watch: ({ dataset, tag }, { signal } = {}) =>
      watchTag((looking) => source.getTag(dataset, tag, { signal: looking }), { intervalMs: watchInterval, signal }),

    whole: contents.whole && wholeFiles(contents.whole),
  }

  function wholeFiles(whole: WholeContents): WholeFiles {
    return {
      async open(place, options = {}) {
        const { record, span, file, fetch } = await locate(place, options)
        return whole.open(record, span, file.hash, fetch)
      },
      async keep(place, options = {}) {
        const { record, span, file, fetch } = await locate(place, options)
        return whole.keep(record, span, file.hash, fetch, options)
      },
    }
  }

  /** Where the bytes of a file lie, and how to get them. */
  async function locate(place: SnapshotPlace, options: CallOptions) {
    const { dataset, digest } = place
    const shown = await open(dataset, digest, options)
    const file = fileAt(shown, place)
    const span = { offset: fileStarts(shown.listing)[file.place.index]!, length: file.size }
    const fetch: FetchBlock = (block, part, signal) => source.fetchBlock(dataset, digest, block, part, { signal })
    return { record: shown.record, span, file, fetch }
  }
}

function checkedWhole(value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new AetherError('invalid', `Not a range of bytes: ${value}`)
}
