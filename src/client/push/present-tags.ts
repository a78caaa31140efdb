// The tags of a push as they were before it.
import type { TagInfo } from '../../core/dataset.ts'
import { AetherError } from '../../core/errors.ts'
import { type Digest, formatDigest, shortDigest } from '../../core/id.ts'
import { isVersionTag, type TagName } from '../../core/names.ts'
import type { PushTarget } from './push-target.ts'

/** The tags before the push, undefined where there is none: they move only from there. */
export type PresentTags = Map<TagName, TagInfo | undefined>

export async function readTags({ connection, dataset, tags }: PushTarget, signal?: AbortSignal): Promise<PresentTags> {
  const read = async (tag: TagName): Promise<[TagName, TagInfo | undefined]> => {
    try {
      return [tag, await connection.getTag(dataset, tag, { signal })]
    } catch (error) {
      if (error instanceof AetherError && error.code === 'not-found') return [tag, undefined]
      throw error
    }
  }
  return new Map(await Promise.all(tags.map(read)))
}

/** Says early, before anything is read or sent, that a version cannot be written again. The hub has the last word. */
export function checkVersions(present: PresentTags, digest: Digest | undefined): void {
  for (const [tag, info] of present) {
    const at = info?.digest
    if (digest === undefined || at === undefined || at === digest || !isVersionTag(tag)) continue
    throw new AetherError(
      'conflict',
      `The tag "${tag}" is a version, written once; it points to ${shortDigest(at)} and cannot point to ${shortDigest(digest)}`,
      {
        hint: 'Push under a new version, or use a channel such as "latest" for a tag that moves',
        detail: { tag, digest: formatDigest(at) },
      },
    )
  }
}
