// Puts the rules together over a store. A hub keeps no state of its own: any number of them serve one store.
import { AetherError } from '../core/errors.ts'
import { type BlockId, type Digest, sha256Hex } from '../core/id.ts'
import type { DatasetName } from '../core/names.ts'
import { type OnFault, twice } from '../core/twice.ts'
import { createIndexCache } from '../dataset/block-reader.ts'
import { createFreshWork } from '../dataset/fresh-work.ts'
import { createPlainContents, type TreeContents } from '../dataset/tree/tree-contents.ts'
import { keys } from '../storage/keys.ts'
import type { Storage } from '../storage/storage.ts'
import { listDatasets, listTags } from './catalogue.ts'
import { createDeltas, type DeltasOptions } from './deltas/deltas.ts'
import { deltasInto, deltasOutOf, MOVES_LOOKED_AT } from './deltas/list-deltas.ts'
import { discreet } from './discreet.ts'
import type { BlockPart, Caller, DeltaInfo, Hub, PublishRequest, PublishResult, TagResult } from './hub.ts'
import { type Permit, permitAll } from './permit.ts'
import { createPublisher } from './publish.ts'
import { openReceipts } from './receipts.ts'
import { openSnapshots, pageOfEntries, summarize } from './snapshots.ts'
import { checkLogToken, listLog } from './tag-log.ts'
import { createTagStore, type StoredTag } from './tag-store.ts'
import { deleteTag, moveTag, requireTag, rollbackTarget, tagInfo } from './tags.ts'
import { createUploads } from './uploads.ts'
import { createV1Hub } from './v1/create-v1-hub.ts'

export interface HubDeps {
  storage: Storage
  /** @default everyone may do everything */
  permit?: Permit
  /** Milliseconds since 1970. @default Date.now */
  now?: () => number
  deltas?: DeltasOptions
  /** Where the bytes of files are read through. @default without a cache */
  contents?: TreeContents
  /** Hears of what came wrong from the store, and is read once more. */
  onWrongBytes?: OnFault
}

/** @throws {AetherError} `unavailable` when the store does not answer. */
export async function createHub({
  storage: store,
  permit = permitAll,
  now = Date.now,
  deltas: deltaOptions = {},
  contents = createPlainContents(),
  onWrongBytes,
}: HubDeps): Promise<Hub> {
  const storage = discreet(store)
  const indexes = createIndexCache()
  const snapshots = openSnapshots(storage, indexes, onWrongBytes)
  const tags = createTagStore(storage, now, onWrongBytes)
  const lookUps = createFreshWork<string, StoredTag>() // through the doors many ask for one tag at the same time
  const receipts = await openReceipts(store, now) // it is the operator who hears of what fails there
  const uploads = createUploads(storage, indexes)
  const deltas = createDeltas({ storage, snapshots, keepBlock: uploads.keep }, deltaOptions)
  const publisher = createPublisher({ storage, snapshots, tags, receipts, permit, now })
  const rules = { storage, snapshots, tags, receipts, permit, now }
  const v1 = createV1Hub({ ...rules, contents, keepBlock: uploads.keep, publish })

  async function blockOf(caller: Caller, ...[dataset, digest, id, options]: WithoutCaller<Hub['blockSize']>) {
    permit.check(caller, 'pull', dataset)
    const block = (await snapshots.load(dataset, digest, options?.signal)).blocks.get(id)
    if (!block) throw new AetherError('not-found', `The snapshot does not use a block ${id}`)
    return block
  }

  /** Those who follow a channel want what has changed since it was where it was before. */
  function noted<T extends TagResult>(dataset: DatasetName, result: T): T {
    const { tag, previous } = result
    if (!tag.version && previous !== undefined && previous !== tag.digest)
      deltas.moved({ dataset, from: previous, to: tag.digest })
    return result
  }

  async function publish(caller: Caller, request: PublishRequest, signal?: AbortSignal): Promise<PublishResult> {
    const result = await publisher(caller, request, signal)
    for (const moved of result.tags) noted(request.dataset, moved)
    return result
  }

  async function deltasOf(dataset: DatasetName, digest: Digest, signal?: AbortSignal): Promise<DeltaInfo[]> {
    const log = listLog(storage, tags, dataset, { limit: MOVES_LOOKED_AT, signal })
    const { items } = await log.catch(() => ({ items: [] })) // a log that cannot be read is no reason to tell nothing
    const into = await deltasInto(storage, dataset, digest, items, signal)
    return [...into, ...(await deltasOutOf(storage, dataset, digest, signal))]
  }

  return {
    listDatasets: (caller, options) => listDatasets(storage, (name) => permit.mayPull(caller, name), options),

    async listTags(caller, dataset, options) {
      permit.check(caller, 'pull', dataset)
      return listTags(storage, tags, dataset, options)
    },

    async getTag(caller, dataset, name, { signal } = {}) {
      permit.check(caller, 'pull', dataset)
      const read = (stop: AbortSignal) => requireTag(tags, dataset, name, stop)
      const { tag } = await lookUps.run(keys.tag(dataset, name), read, signal)
      return tagInfo(name, { ...tag, digest: tag.digest! })
    },

    async moveTag(caller, dataset, name, to, { expected, reason = '', signal }) {
      permit.check(caller, 'tag', dataset, name)
      await snapshots.load(dataset, to, signal) // a tag never points to what is not there
      const change = { dataset, name, to, who: caller.subject, reason, action: 'tag' as const }
      return noted(dataset, await moveTag(tags, change, expected, signal))
    },

    async deleteTag(caller, dataset, name, { expected, reason = '', signal }) {
      permit.check(caller, 'delete', dataset, name)
      await deleteTag(
        tags,
        { dataset, name, to: null, who: caller.subject, reason, action: 'delete' },
        expected,
        signal,
      )
    },

    async rollBackTag(caller, dataset, name, { reason = '', signal }) {
      permit.check(caller, 'tag', dataset, name)
      const from = await requireTag(tags, dataset, name, signal)
      const to = await rollbackTarget(tags, dataset, name, from, signal)
      await snapshots.load(dataset, to, signal)
      const change = { dataset, name, to, who: caller.subject, reason, action: 'rollback' as const }
      return noted(dataset, await moveTag(tags, change, from.tag.digest!, signal))
    },

    async listLog(caller, dataset, options) {
      permit.check(caller, 'pull', dataset)
      checkLogToken(options.after)
      return listLog(storage, tags, dataset, options)
    },

    async getSnapshot(caller, dataset, digest, { signal } = {}) {
      permit.check(caller, 'pull', dataset)
      const snapshot = await snapshots.load(dataset, digest, signal)
      const summary = summarize(snapshot, await snapshots.listing(snapshot, signal))
      return { ...summary, deltas: await deltasOf(dataset, digest, signal) }
    },

    async listEntries(caller, dataset, digest, options) {
      permit.check(caller, 'pull', dataset)
      const snapshot = await snapshots.load(dataset, digest, options.signal)
      return pageOfEntries(await snapshots.listing(snapshot, options.signal), options)
    },

    async openSnapshot(caller, dataset, digest, { signal } = {}) {
      permit.check(caller, 'pull', dataset)
      const snapshot = await snapshots.load(dataset, digest, signal)
      return { record: snapshot.record, listing: await snapshots.listing(snapshot, signal) }
    },

    async readRecord(caller, dataset, digest, { signal } = {}) {
      permit.check(caller, 'pull', dataset)
      return (await snapshots.load(dataset, digest, signal)).bytes
    },

    async readBlock(caller, dataset, digest, id, { range, signal } = {}): Promise<BlockPart> {
      const { size } = await blockOf(caller, dataset, digest, id, { signal })
      const wanted = range ?? { offset: 0, length: size } // no more than that, whatever lies there
      const read = async () => (await storage.get(keys.block(id), { range: wanted, signal })).bytes
      const bytes = range ? await read() : await twice(async () => checkedBlock(id, await read()), onWrongBytes)
      return { size, bytes }
    },

    async blockSize(caller, dataset, digest, id, options) {
      return (await blockOf(caller, dataset, digest, id, options)).size
    },

    async readDelta(caller, dataset, from, to, options = {}) {
      permit.check(caller, 'pull', dataset)
      const pair = [from, to].map((digest) => snapshots.load(dataset, digest, options.signal))
      const [old, fresh] = await Promise.all(pair)
      return deltas.read(old!, fresh!, options)
    },

    async takeDelta(caller, dataset, from, to, size, body, { signal } = {}) {
      permit.check(caller, 'push', dataset)
      permit.check(caller, 'pull', dataset)
      const base = await snapshots.load(dataset, from, signal)
      const blocks = await deltas.take(base, to, size, body, signal)
      return blocks.map(({ info, tail }) => ({ info, tail, receipt: receipts.sign(caller, dataset, info) }))
    },

    async uploadBlock(caller, dataset, id, size, body, { signal } = {}) {
      permit.check(caller, 'push', dataset)
      return receipts.sign(caller, dataset, await uploads.take(id, size, body, signal))
    },

    publish: (caller, request, { signal } = {}) => publish(caller, request, signal),

    v1,

    derivedSecret: receipts.derivedSecret,

    async ready({ signal } = {}) {
      await storage.head(keys.receiptKey, { signal })
    },

    async close() {
      await Promise.all([uploads.close(), deltas.close(), v1.close()])
    },
  }
}

/** Parameters of a call without the caller. */
type WithoutCaller<F> = F extends (caller: Caller, ...rest: infer R) => unknown ? R : never

function checkedBlock(id: BlockId, bytes: Uint8Array): Uint8Array {
  if (sha256Hex(bytes) === id) return bytes
  throw new AetherError('integrity', `Block ${id} is damaged in the store`)
}
