// Puts together what the v1 API asks of a hub.
import { AetherError } from '../../core/errors.ts'
import type { IndexCache } from '../../dataset/block-reader.ts'
import type { Caller } from '../hub.ts'
import type { StoredSnapshot } from '../snapshots.ts'
import { requireTag } from '../tags.ts'
import { type Cut, createBlockNames } from './block-names.ts'
import { blockCount, blockSizeOf, sizeOfBlock } from './cuts.ts'
import { createFilePublisher, type FilePublisherDeps } from './publish-files.ts'
import { createContentReads } from './read-content.ts'
import { isSignature } from './signature.ts'
import { createStaging } from './staging.ts'
import type { OpenBlock, V1File, V1Hub } from './v1-hub.ts'

export interface V1HubDeps extends Omit<FilePublisherDeps, 'openBlock'> {
  indexes: IndexCache
  now: () => number
}

/** Bytes that a file or a name of a block takes in a message besides its text, at most. */
const AROUND = 40

export function createV1Hub(deps: V1HubDeps): V1Hub & { close(): Promise<void> } {
  const { storage, snapshots, tags, receipts, permit, indexes, now } = deps
  const names = createBlockNames(receipts.keyFor('names of v1 blocks'))
  const staging = createStaging(storage, now)
  const readContent = createContentReads(storage, indexes)
  const publisher = createFilePublisher({ ...deps, openBlock })

  async function openBlock(caller: Caller, name: string, signal?: AbortSignal): Promise<OpenBlock> {
    const staged = isSignature(name) ? await staging.find(caller, name, signal) : undefined
    if (staged) return staged
    const cut = names.decode(name)
    if (cut) return openCut(caller, cut, signal)
    throw new AetherError('not-found', `There is no block "${name.slice(0, 100)}"`)
  }

  async function openCut(caller: Caller, cut: Cut, signal?: AbortSignal): Promise<OpenBlock> {
    permit.check(caller, 'pull', cut.dataset)
    const { record } = await snapshots.load(cut.dataset, cut.digest, signal)
    const start = cut.index * cut.blockSize
    const size = sizeOfBlock(record.content.length, cut.blockSize, cut.index)
    if (!(size > 0)) throw new AetherError('not-found', 'The snapshot has no such block')
    const read: OpenBlock['read'] = (offset, length, abort) =>
      readContent(record, { offset: start + offset, length }, abort)
    return { size, stays: true, read }
  }

  function namesOf({ dataset, record }: StoredSnapshot, blockSize: number): string[] {
    const length = blockCount(record.content.length, blockSize)
    return Array.from({ length }, (_, index) => names.encode({ dataset, digest: record.digest, blockSize, index }))
  }

  return {
    openBlock: (caller, name, { signal } = {}) => openBlock(caller, name, signal),

    stageBlock: (caller, body, announced, { signal } = {}) => staging.stage(caller, body, announced, signal),

    async describe(caller, { dataset, tag }, { maxBytes, signal }) {
      permit.check(caller, 'pull', dataset)
      const stored = await requireTag(tags, dataset, tag, signal)
      const snapshot = await snapshots.load(dataset, stored.tag.digest!, signal)
      const blockSize = blockSizeOf(snapshot.record)
      const blocks = namesOf(snapshot, blockSize)
      const { entries, micros } = await snapshots.listing(snapshot, signal)
      const files: V1File[] = []
      let bytes = blocks.reduce((sum, name) => sum + name.length + AROUND, 0)
      for (const [i, entry] of entries.entries()) {
        if (entry.kind !== 'file') continue
        bytes += Buffer.byteLength(entry.path) + AROUND
        if (bytes > maxBytes) throw tooManyFiles(dataset, maxBytes)
        files.push({ path: entry.path, size: entry.size, modifiedMicros: micros[i]! })
      }
      return { files, blockSize, blocks }
    },

    publish: (caller, dataset, tagged, { signal } = {}) => publisher.publish(caller, dataset, tagged, signal),

    close: publisher.close,
  }
}

function tooManyFiles(dataset: string, maxBytes: number): AetherError {
  return new AetherError('too-large', `The files of "${dataset}" do not fit into a message of ${maxBytes} bytes`, {
    hint: 'Pull it with a client of version 2, or read it through another door',
    detail: { max_bytes: String(maxBytes) },
  })
}
