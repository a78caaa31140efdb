// What a snapshot shows below its root, as nodes of the tree.
import { AetherError } from '../../core/errors.ts'
import { type Digest, formatDigest } from '../../core/id.ts'
import type { DatasetName } from '../../core/names.ts'
import { nothingAt } from './place-of.ts'
import type { ListedNode, NodePage, SnapshotPlace, TreeFile, TreeNode } from './readable-tree.ts'
import { checkedSpot, childrenOf, entryAt, isBoundary, pathAt, type Spot, spotOf } from './snapshot-folders.ts'
import type { OpenedSnapshot } from './tree-source.ts'

/** A snapshot of a dataset, opened. */
export interface ShownSnapshot extends OpenedSnapshot {
  dataset: DatasetName
  digest: Digest
}

export function nodeOf(shown: ShownSnapshot, spot: Spot): TreeNode {
  const { dataset, digest, listing, record } = shown
  const place: SnapshotPlace = { level: 'snapshot', dataset, digest, ...spot }
  const entry = entryAt(listing.entries, spot)
  const name = spot.depth === 0 ? formatDigest(digest) : lastPart(entry?.path ?? pathAt(listing.entries, spot))
  const modifiedMicros = listing.micros[spot.index]!
  if (entry?.kind === 'file') {
    const { size, executable, hash } = entry
    return { kind: 'file', name, place, modifiedMicros, size, executable, hash }
  }
  if (entry?.kind === 'link') return { kind: 'link', name, place, modifiedMicros, target: entry.target }
  return { kind: 'folder', name, place, modifiedMicros: record.provenance.createdMicros, digest }
}

/** @throws {AetherError} `not-found` */
export function nodeInside(shown: ShownSnapshot, parts: readonly string[]): TreeNode {
  const spot = spotOf(shown.listing.entries, parts)
  if (spot === undefined) throw nothingAt(parts)
  return nodeOf(shown, spot)
}

/** @throws {AetherError} `not-found` */
export function nodeAt(shown: ShownSnapshot, { index, depth }: SnapshotPlace): TreeNode {
  return nodeOf(shown, requireSpot(shown, { index, depth }))
}

/** @throws {AetherError} `not-found` */
export function childAt(shown: ShownSnapshot, folder: Spot, name: string): TreeNode {
  const path = pathAt(shown.listing.entries, requireSpot(shown, folder))
  return nodeInside(shown, path === '' ? [name] : [...path.split('/'), name])
}

/** @throws {AetherError} `not-found` for what is no folder, `invalid` for a token that is none */
export function pageOfFolder(shown: ShownSnapshot, place: Spot, after: string | undefined, limit: number): NodePage {
  const { entries } = shown.listing
  const folder = requireSpot(shown, place)
  requireFolder(nodeOf(shown, folder))
  const from = after === undefined ? folder.index : Number(after)
  if (after !== undefined && !(/^\d{1,16}$/.test(after) && isBoundary(entries, folder, from)))
    throw new AetherError('invalid', 'The token to go on from is not one that this folder gave')
  const items: ListedNode[] = []
  for (const { spot, next } of childrenOf(entries, folder, from)) {
    if (items.length === limit) return { items, isLast: false }
    items.push({ node: nodeOf(shown, spot), token: String(next) })
  }
  return { items, isLast: true }
}

/** @throws {AetherError} `not-found` */
export function fileAt(shown: ShownSnapshot, place: SnapshotPlace): TreeFile {
  const node = nodeAt(shown, place)
  if (node.kind !== 'file') throw new AetherError('not-found', `"${node.name}" is no file`)
  return node
}

function requireFolder(node: TreeNode): void {
  if (node.kind !== 'folder') throw new AetherError('not-found', `"${node.name}" is no folder`)
}

function requireSpot(shown: ShownSnapshot, spot: Spot): Spot {
  const checked = checkedSpot(shown.listing.entries, spot)
  if (checked === undefined)
    throw new AetherError('not-found', `There is no such place in snapshot ${formatDigest(shown.digest)}`)
  return checked
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
