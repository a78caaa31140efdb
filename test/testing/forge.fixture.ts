// Puts on a hub what no client of ours would.
import { parseDatasetName, parseTagName } from '../../src/core/names.ts'
import { ANONYMOUS } from '../../src/hub/hub.ts'
import type { BuiltSnapshot } from '../../src/hub/snapshot.fixture.ts'
import type { TestHub } from './hub.fixture.ts'

/** Uploads the blocks, and publishes the bytes as their record. */
export async function forge({ hub }: TestHub, name: string, { blocks, bytes }: BuiltSnapshot, tag: string) {
  const dataset = parseDatasetName(name)
  const receipts: string[] = []
  for (const { info, bytes } of blocks) {
    receipts.push(await hub.uploadBlock(ANONYMOUS, dataset, info.id, bytes.length, once(bytes)))
  }
  const tags = [{ tag: parseTagName(tag), expected: undefined }]
  return hub.publish(ANONYMOUS, { dataset, record: bytes, receipts, bases: [], tags, reason: '' })
}

export async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
