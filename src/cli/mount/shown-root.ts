// The folder that a mount shows: fixed, or the present version of a channel.
import { type Digest, formatDigest } from '../../core/id.ts'
import type { DatasetName, TagName } from '../../core/names.ts'
import { BY_DIGEST, type Place, type ReadableTree } from '../../dataset/tree/readable-tree.ts'
import type { Root } from '../../protocols/fuse/mounted.ts'
import type { Space } from '../../protocols/fuse/replies.ts'

export interface ShownRoot extends Root {
  /** Shows another version from now on. @returns whether it is another one */
  show(place: Place, space: Space): boolean
}

export const UNKNOWN_SPACE: Space = { bytes: 0, files: 0 }

export function createShownRoot(place: Place, space: Space, channel: TagName | undefined): ShownRoot {
  let shown = { place, space }
  return {
    place: () => shown.place,
    space: () => shown.space,
    follows: channel !== undefined,
    tag: channel,
    show(next, size) {
      const moved = JSON.stringify(next) !== JSON.stringify(shown.place)
      shown = { place: next, space: size }
      return moved
    },
  }
}

/** The root of a snapshot; what it takes to read it was found out then. @throws {AetherError} `not-found`, `unavailable` */
export async function openSnapshotRoot(tree: ReadableTree, dataset: DatasetName, digest: Digest): Promise<Place> {
  return (await tree.find([...dataset.split('/'), BY_DIGEST, formatDigest(digest)])).place
}
