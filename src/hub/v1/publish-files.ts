// Publishes files that v1 clients have uploaded as blocks: a worker makes a snapshot of them, which then goes the way of any
// other push. docs/format.md, section 11.3.
import { MessageChannel } from 'node:worker_threads'
import type { BlockInfo } from '../../core/block.ts'
import { AetherError, toAetherError } from '../../core/errors.ts'
import { freeMemory } from '../../core/free-memory.ts'
import type { Digest } from '../../core/id.ts'
import type { DatasetName } from '../../core/names.ts'
import type { BuildJob, BuildRequest, BuildResult } from '../../dataset/build/build-worker.ts'
import { mapOrdered } from '../../dataset/map-ordered.ts'
import { answerOver } from '../../dataset/port-calls.ts'
import { createSemaphore } from '../../dataset/semaphore.ts'
import { createWorkerPool, workerModule } from '../../dataset/worker-pool.ts'
import { keys } from '../../storage/keys.ts'
import type { Storage } from '../../storage/storage.ts'
import type { Caller, PublishResult } from '../hub.ts'
import type { Permit } from '../permit.ts'
import type { Publish } from '../publish.ts'
import type { Receipts } from '../receipts.ts'
import type { Snapshots, StoredSnapshot } from '../snapshots.ts'
import { listLog } from '../tag-log.ts'
import type { TagStore } from '../tag-store.ts'
import { blockRanges, type ContentRange } from './block-ranges.ts'
import { BLOCK_SIZE_LABEL, blockCount, sizeOfBlock } from './cuts.ts'
import { checkFit, joinFiles, readJoined } from './joined-files.ts'
import type { OpenBlock, V1Dataset, V1Tag } from './v1-hub.ts'

/** Snapshots that are made at once: each takes a thread and some 100 MiB. */
const BUILDS_AT_ONCE = 1
/** Milliseconds that others wait before they are told to come back later. */
const WAIT_FOR_ROOM = 60_000
/** Tags of one publish at most. */
const MAX_TAGS = 64
/** Snapshots whose chunks are looked for at most. */
const MAX_BASES = 16
/** Moves of a log that are looked at for the newest snapshot: the last ones may be removals. */
const RECENT_MOVES = 10
/** Blocks that are looked at beforehand, at once. */
const LOOKS_AT_ONCE = 8

export interface FilePublisher {
  publish(caller: Caller, dataset: V1Dataset, tags: readonly V1Tag[], signal?: AbortSignal): Promise<void>
  close(): Promise<void>
}

export interface FilePublisherDeps {
  storage: Storage
  snapshots: Snapshots
  tags: TagStore
  receipts: Receipts
  permit: Permit
  /** Stores a block that is known to be good. */
  keepBlock(info: BlockInfo, bytes: Uint8Array, signal?: AbortSignal): Promise<void>
  openBlock(caller: Caller, name: string, signal?: AbortSignal): Promise<OpenBlock>
  publish: Publish
  /** Hears where blocks are that were published. */
  remember(caller: Caller, names: readonly string[], ranges: ContentRange[][], where: Place): Promise<void>
}

interface Place {
  dataset: DatasetName
  digest: Digest
}

export function createFilePublisher(deps: FilePublisherDeps): FilePublisher {
  const { storage, snapshots, permit, receipts } = deps
  const workers = createWorkerPool<BuildJob, BuildResult>(
    workerModule('../../dataset/build/build-worker', import.meta.url),
    BUILDS_AT_ONCE,
  )
  const turns = createSemaphore(BUILDS_AT_ONCE)

  async function publish(
    caller: Caller,
    dataset: V1Dataset,
    tags: readonly V1Tag[],
    signal?: AbortSignal,
  ): Promise<void> {
    const groups = Map.groupBy(tags, (tag) => tag.dataset)
    checkTags(tags)
    for (const name of groups.keys()) permit.check(caller, 'push', name)
    const files = joinFiles(dataset)
    await turns.run(
      async () => {
        const bases = await findBases(caller, groups, signal)
        const built = await build(caller, dataset, files, bases, signal)
        const digest = await publishTo(caller, groups, built, bases, signal)
        await deps.remember(caller, dataset.blocks, blockRanges(files, dataset.blockSize), { ...tags[0]!, digest })
      },
      signal,
      WAIT_FOR_ROOM,
    )
  }

  /** What the tags point to now, and what a tag of each dataset was pointed to last. */
  async function findBases(
    caller: Caller,
    groups: Map<DatasetName, V1Tag[]>,
    signal?: AbortSignal,
  ): Promise<StoredSnapshot[]> {
    const bases = new Map<Digest, StoredSnapshot>()
    for (const [dataset, tags] of groups) {
      if (!permit.mayPull(caller, dataset)) continue
      const present = await Promise.all(tags.map(({ tag }) => deps.tags.read(dataset, tag, signal)))
      const digests = [...present.map((stored) => stored?.tag.digest), await newest(dataset, signal)]
      for (const digest of new Set(digests)) {
        if (digest == null || bases.size === MAX_BASES) continue
        const base = await snapshots.load(dataset, digest, signal).catch(unlessUseless)
        if (base) bases.set(digest, base)
      }
    }
    return [...bases.values()]
  }

  async function newest(dataset: DatasetName, signal?: AbortSignal): Promise<Digest | undefined> {
    const log = await listLog(storage, deps.tags, dataset, { limit: RECENT_MOVES, signal }).catch(unlessUseless)
    return log?.items.find(({ to }) => to !== undefined)?.to
  }

  async function build(
    caller: Caller,
    dataset: V1Dataset,
    files: ReturnType<typeof joinFiles>,
    bases: readonly StoredSnapshot[],
    signal?: AbortSignal,
  ): Promise<BuildResult> {
    const open = (name: string) => deps.openBlock(caller, name, signal)
    await checkBlocks(dataset, open)
    const content = readJoined(files, dataset, open, signal)
    const { port1: ours, port2: port } = new MessageChannel()
    answerOver<BuildRequest, Uint8Array | undefined>(ours, async (request) => {
      if (signal?.aborted) throw new AetherError('cancelled', 'The client went away', { cause: signal.reason })
      if ('next' in request) return nextOf(content)
      if ('keep' in request) return keep(request.keep, request.bytes, signal)
      const { block, range } = request
      return Uint8Array.from((await storage.get(keys.block(block.id), { range, signal })).bytes)
    })
    try {
      const words = { message: '', labels: { [BLOCK_SIZE_LABEL]: String(dataset.blockSize) } }
      const sent = files.map(({ path, size, modifiedMicros }) => ({ path, size, modifiedMicros }))
      return await workers.run({ port, files: sent, bases: bases.map(({ bytes }) => bytes), words }, [port])
    } finally {
      ours.close()
      await content.return(undefined)
    }
  }

  async function keep(info: BlockInfo, bytes: Uint8Array, signal?: AbortSignal): Promise<undefined> {
    await deps.keepBlock(info, bytes, signal)
    freeMemory(bytes) // after a failure somebody may still be busy with it
  }

  async function publishTo(
    caller: Caller,
    groups: Map<DatasetName, V1Tag[]>,
    { record, blocks }: BuildResult,
    bases: readonly StoredSnapshot[],
    signal?: AbortSignal,
  ): Promise<Digest> {
    const done: PublishResult[] = []
    for (const [dataset, tags] of groups) {
      const request = {
        dataset,
        record,
        receipts: blocks.map((block) => receipts.sign(caller, dataset, block)),
        bases: bases.map((base) => ({ dataset: base.dataset, digest: base.record.digest })),
        tags: tags.map(({ tag }) => ({ tag, expected: undefined })),
        reason: '',
      }
      try {
        done.push(await deps.publish(caller, request, signal))
      } catch (error) {
        throw done.length === 0 ? error : partly(error, dataset, [...groups.keys()].slice(0, done.length))
      }
    }
    return done[0]!.digest
  }

  return { publish, close: workers.close }
}

function checkTags(tags: readonly V1Tag[]): void {
  if (tags.length === 0) throw new AetherError('invalid', 'A dataset is published under at least one tag')
  if (tags.length > MAX_TAGS) throw new AetherError('too-large', `A publish moves at most ${MAX_TAGS} tags`)
}

/** Before any work is done: every block is there, and as long as it has to be. */
async function checkBlocks(
  { files, blocks, blockSize }: V1Dataset,
  open: (name: string) => Promise<OpenBlock>,
): Promise<void> {
  const length = files.reduce((sum, { size }) => sum + size, 0)
  if (length === 0) return
  const look = async (index: number) =>
    checkFit(blocks[index]!, await open(blocks[index]!), sizeOfBlock(length, blockSize, index))
  const all = Array.from({ length: blockCount(length, blockSize) }, (_, index) => index)
  for await (const _ of mapOrdered(all, LOOKS_AT_ONCE, look));
}

/** A base, or a log, that is gone or damaged only costs bytes here. */
function unlessUseless(error: unknown): undefined {
  if (!(error instanceof AetherError && ['integrity', 'not-found'].includes(error.code))) throw error
}

async function nextOf(content: AsyncIterator<Uint8Array>): Promise<Uint8Array | undefined> {
  const { done, value } = await content.next()
  return done ? undefined : value
}

function partly(cause: unknown, dataset: DatasetName, done: readonly DatasetName[]): AetherError {
  const { code, message, hint, detail } = toAetherError(cause)
  const reason = code === 'internal' ? 'something went wrong inside the hub' : message // which may name anything
  return new AetherError('partial', `${done.join(', ')} has it, and "${dataset}" does not: ${reason}`, {
    cause,
    hint,
    detail,
  })
}
