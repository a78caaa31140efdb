// The folder that a mount shows: fixed, or the present version of a channel.
import { type Digest, formatDigest } from '../../core/id.ts'
import type { DatasetName, TagName } from '../../core/names.ts'
import { BY_DIGEST, type Place, type ReadableTree } from '../../dataset/tree/readable-tree.ts'
import type { Root } from '../../protocols/fuse/mounted.ts'
import type { Space } from '../../protocols/fuse/replies.ts'

export interface ShownRoot extends Root {
  /** Shows another version from now on. @param space is waited for by nobody @returns whether it is another one */
  show(place: Place, space: Promise<Space>): boolean
}

export const UNKNOWN_SPACE: Space = { bytes: 0, files: 0 }

export function createShownRoot(first: Place, channel?: TagName): ShownRoot {
  let place = first
  let space = UNKNOWN_SPACE

  function show(next: Place, size: Promise<Space>): boolean {
    const moved = JSON.stringify(next) !== JSON.stringify(place)
    place = next
    if (moved) space = UNKNOWN_SPACE
    void size.then((known) => {
      if (place === next) space = known
    })
    return moved
  }

  return { place: () => place, space: () => space, follows: channel !== undefined, tag: channel, show }
}

/** The root of a snapshot; what it takes to read it was found out then. @throws {AetherError} `not-found`, `unavailable` */
export async function openSnapshotRoot(tree: ReadableTree, dataset: DatasetName, digest: Digest): Promise<Place> {
  return (await tree.find([...dataset.split('/'), BY_DIGEST, formatDigest(digest)])).place
}
