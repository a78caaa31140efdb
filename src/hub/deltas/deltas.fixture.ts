// Hubs with published snapshots, for the tests of deltas.
import { after } from 'node:test'
import type { DatasetName, TagName } from '../../core/names.ts'
import { createMemoryStorage } from '../../storage/memory.ts'
import type { Storage } from '../../storage/storage.ts'
import { createHub, type HubDeps } from '../create-hub.ts'
import { ANONYMOUS, type Hub } from '../hub.ts'
import type { BuiltSnapshot } from '../snapshot.fixture.ts'
import type { EncodedDelta } from './encodings.ts'

export const GEO = 'geo' as DatasetName
export const LATEST = 'latest' as TagName

/** Ends with the tests of the file. */
export async function openDeltaHub(storage: Storage = createMemoryStorage(), deps: Partial<HubDeps> = {}) {
  const encoded: EncodedDelta[] = []
  const hub = await createHub({ storage, deltas: { onEncoded: (one) => encoded.push(one) }, ...deps })
  after(() => hub.close())
  return { hub, storage, encoded }
}

export async function publish(hub: Hub, snapshots: readonly BuiltSnapshot[], dataset = GEO): Promise<void> {
  for (const { blocks, bytes } of snapshots) {
    const receipts: string[] = []
    for (const { info, bytes } of blocks)
      receipts.push(await hub.uploadBlock(ANONYMOUS, dataset, info.id, bytes.length, pieceOf(bytes)))
    const tags = [{ tag: LATEST, expected: undefined }]
    await hub.publish(ANONYMOUS, { dataset, record: bytes, receipts, bases: [], tags, reason: '' })
  }
}

export async function* pieceOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

export async function readAll(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(bytes))
}
