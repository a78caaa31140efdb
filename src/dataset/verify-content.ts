// Checks that the chunks of a snapshot make up the files that its listing names.
import { createHash } from 'node:crypto'
import { AetherError } from '../core/errors.ts'
import type { Entry } from '../core/listing.ts'
import type { SnapshotRecord } from '../core/record.ts'
import type { BlockReader } from './block-reader.ts'
import { readRange } from './snapshot-reader.ts'

/** Reads all content. @throws {AetherError} `integrity` naming the first file that is not what the listing says. */
export async function verifyContent(
  record: SnapshotRecord,
  entries: Iterable<Entry>,
  blocks: BlockReader,
  signal?: AbortSignal,
): Promise<void> {
  let offset = 0
  for (const entry of entries) {
    if (entry.kind !== 'file') continue
    const hash = createHash('sha256')
    for await (const bytes of readRange(record, record.content.extents, { offset, length: entry.size }, blocks, signal))
      hash.update(bytes)
    if (hash.digest('hex') !== entry.hash) {
      throw new AetherError(
        'integrity',
        `The chunks of ${JSON.stringify(entry.path)} in snapshot ${record.digest} do not make up the file`,
      )
    }
    offset += entry.size
  }
}
