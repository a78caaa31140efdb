// From a reference to a digest.
import type { TagInfo } from '../core/dataset.ts'
import { AetherError } from '../core/errors.ts'
import { type Digest, formatDigest } from '../core/id.ts'
import type { DatasetName } from '../core/names.ts'
import { DEFAULT_TAG, type Reference } from '../core/reference.ts'
import type { Connection } from './connection.ts'

/**
 * The snapshot that a reference means now. A digest decides; a tag beside it must point there, so that a reference copied
 * from a report cannot quietly mean something else.
 * @throws {AetherError} `not-found`, `conflict`
 */
export async function resolveReference(
  connection: Connection,
  { dataset, tag, digest }: Reference,
  signal?: AbortSignal,
): Promise<{ dataset: DatasetName; digest: Digest; tag: TagInfo | undefined }> {
  if (digest && !tag) return { dataset, digest, tag: undefined }
  const info = await connection.getTag(dataset, tag ?? DEFAULT_TAG, { signal })
  if (digest && info.digest !== digest) {
    throw new AetherError(
      'conflict',
      `The tag "${info.name}" of "${dataset}" points to ${formatDigest(info.digest)}, not to ${formatDigest(digest)}`,
      {
        hint: `Leave the tag out to mean the digest alone: ${dataset}@${formatDigest(digest)}`,
        detail: { digest: formatDigest(info.digest) },
      },
    )
  }
  return { dataset, digest: info.digest, tag: info }
}
