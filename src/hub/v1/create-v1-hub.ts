// Puts together what the v1 API asks of a hub.
import { AetherError } from '../../core/errors.ts'
import { sha256Hex } from '../../core/id.ts'
import type { SnapshotRecord } from '../../core/record.ts'
import type { FetchBlock } from '../../dataset/block-reader.ts'
import type { TreeContents } from '../../dataset/tree/tree-contents.ts'
import { keys } from '../../storage/keys.ts'
import type { Caller } from '../hub.ts'
import type { StoredSnapshot } from '../snapshots.ts'
import { requireTag } from '../tags.ts'
import { type Cut, createBlockNames } from './block-names.ts'
import { type ContentRange, partOf } from './block-ranges.ts'
import { blockCount, blockSizeOf, sizeOfBlock } from './cuts.ts'
import { createFilePublisher, type FilePublisherDeps } from './publish-files.ts'
import { createPublishedBlocks, type PublishedBlock } from './published-blocks.ts'
import { isSignature, type Signature } from './signature.ts'
import { createStaging } from './staging.ts'
import type { OpenBlock, V1File, V1Hub } from './v1-hub.ts'

export interface V1HubDeps extends Omit<FilePublisherDeps, 'openBlock' | 'remember'> {
  /** Where bytes of snapshots come from. */
  contents: TreeContents
  now: () => number
}

/** Bytes that a file or a name of a block takes in a message besides its text, at most. */
const AROUND = 40

export function createV1Hub(deps: V1HubDeps): V1Hub & { close(): Promise<void> } {
  const { storage, snapshots, tags, receipts, permit, contents, now } = deps
  const names = createBlockNames(receipts.derivedSecret('names of v1 blocks'))
  const staging = createStaging(storage, now)
  const published = createPublishedBlocks(storage, now)
  const publisher = createFilePublisher({ ...deps, openBlock, remember })

  async function openBlock(caller: Caller, name: string, signal?: AbortSignal): Promise<OpenBlock> {
    const cut = names.decode(name)
    const block = cut
      ? await openCut(caller, cut, signal)
      : isSignature(name)
        ? await findSigned(caller, name, signal)
        : undefined
    if (block) return block
    throw new AetherError('not-found', `There is no block "${name.slice(0, 100)}"`)
  }

  /** Uploaded, or published before. */
  async function findSigned(
    caller: Caller,
    signature: Signature,
    signal?: AbortSignal,
  ): Promise<OpenBlock | undefined> {
    const owner = ownerOf(caller)
    const staged = await staging.find(owner, signature, signal)
    if (staged?.stays) return staged
    const found = await published.find(owner, signature, signal)
    return (found && (await openPublished(caller, found, signal))) ?? staged
  }

  async function openPublished(
    caller: Caller,
    { block, stays }: { block: PublishedBlock; stays: boolean },
    signal?: AbortSignal,
  ): Promise<OpenBlock | undefined> {
    if (!permit.mayPull(caller, block.dataset)) return undefined
    const snapshot = await snapshots.load(block.dataset, block.digest, signal).catch(unlessUseless)
    return snapshot && openRanges(snapshot.record, block.ranges, stays)
  }

  async function openCut(caller: Caller, cut: Cut, signal?: AbortSignal): Promise<OpenBlock | undefined> {
    permit.check(caller, 'pull', cut.dataset)
    const { record } = await snapshots.load(cut.dataset, cut.digest, signal)
    const length = sizeOfBlock(record.content.length, cut.blockSize, cut.index)
    return length > 0 ? openRanges(record, [{ offset: cut.index * cut.blockSize, length }], true) : undefined
  }

  function openRanges(record: SnapshotRecord, ranges: readonly ContentRange[], stays: boolean): OpenBlock {
    const size = ranges.reduce((sum, { length }) => sum + length, 0)
    const whole = { offset: 0, length: record.content.length }
    const read: OpenBlock['read'] = async function* (offset, length, signal) {
      for (const range of partOf(ranges, { offset, length }))
        yield* contents.read(record, whole, range, fetch, { signal })
    }
    return { size, stays, owned: false, read }
  }

  const fetch: FetchBlock = async ({ id }, range, signal) =>
    (await storage.get(keys.block(id), { range, signal })).bytes

  /** The publish is through, whatever becomes of this: at worst its blocks are sent once more. */
  async function remember(...[caller, blocks, ranges, { dataset, digest }]: Parameters<FilePublisherDeps['remember']>) {
    await published.remember(ownerOf(caller), blocks, ranges, { dataset, digest }).catch(() => {})
  }

  function namesOf({ dataset, record }: StoredSnapshot, blockSize: number): string[] {
    const length = blockCount(record.content.length, blockSize)
    return Array.from({ length }, (_, index) => names.encode({ dataset, digest: record.digest, blockSize, index }))
  }

  return {
    openBlock: (caller, name, { signal } = {}) => openBlock(caller, name, signal),

    async stageBlock(caller, body, announced, { signal } = {}) {
      const { signature = '' } = announced
      const present = isSignature(signature) ? await findSigned(caller, signature, signal) : undefined
      if (present?.stays) throw new AetherError('conflict', `The block ${signature} is there already`)
      return staging.stage(ownerOf(caller), body, announced, signal)
    },

    async describe(caller, { dataset, tag }, { maxBytes, signal }) {
      permit.check(caller, 'pull', dataset)
      const stored = await requireTag(tags, dataset, tag, signal)
      const snapshot = await snapshots.load(dataset, stored.tag.digest!, signal)
      const blockSize = blockSizeOf(snapshot.record)
      const blocks = namesOf(snapshot, blockSize)
      const { entries, micros } = await snapshots.listing(snapshot, signal)
      const files: V1File[] = []
      let bytes = blocks.reduce((sum, name) => sum + name.length + AROUND, 0)
      for (let i = 0; i < entries.length; i++) {
        const entry = entries.at(i)!
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

/** Callers learn nothing of each other's blocks. */
function ownerOf({ subject }: Caller): string {
  return sha256Hex(subject).slice(0, 32)
}

/** A snapshot that is gone or damaged gives no blocks. */
function unlessUseless(error: unknown): undefined {
  if (!(error instanceof AetherError && ['integrity', 'not-found'].includes(error.code))) throw error
}

function tooManyFiles(dataset: string, maxBytes: number): AetherError {
  return new AetherError('too-large', `The files of "${dataset}" do not fit into a message of ${maxBytes} bytes`, {
    hint: 'Pull it with a client of version 2, or read it through another door',
    detail: { max_bytes: String(maxBytes) },
  })
}
