// One push of a prepared source to one dataset on one hub. The order of things: docs/architecture.md, "Push".
import type { BuiltBlock } from '../../core/block.ts'
import type { TagInfo, TagResult } from '../../core/dataset.ts'
import { AetherError } from '../../core/errors.ts'
import { type Digest, formatDigest, shortDigest } from '../../core/id.ts'
import type { DatasetName, TagName } from '../../core/names.ts'
import { isVersionTag } from '../../core/names.ts'
import { encodeRecord, type SnapshotRecord } from '../../core/record.ts'
import { createPacker } from '../../dataset/packer.ts'
import type { PushOptions, PushResult } from '../client.ts'
import type { Connection } from '../connection.ts'
import type { TailCache } from '../remote-reader.ts'
import { assembleRecord, type StagedSnapshot, stageSnapshot } from './assemble.ts'
import { addBase, type Base, createKnownChunks, type KnownChunks, type OpenBase, openBase } from './bases.ts'
import { type Collected, collectContent } from './collect.ts'
import { type Journal, openJournal } from './journal.ts'
import { type PreparedSource, unchangedDigest } from './prepare.ts'
import { type CachedPush, cacheLine, writeStatCache } from './stat-cache.ts'
import { createUploader } from './uploader.ts'

export interface PushTarget {
  connection: Connection
  dataset: DatasetName
  tags: TagName[]
  /** Snapshots named by the user as bases, on the same hub. */
  bases: Base[]
}

export interface PushDeps {
  source: PreparedSource
  tails: TailCache
  cacheFolder: string
  options: PushOptions
}

/** The tags before the push: they move only from where they point then. */
type Present = Map<TagName, TagInfo | undefined>

const UPLOADS_AT_ONCE = 3

/** @throws {AetherError} `conflict` when a tag is a version with other content, or was moved by somebody else meanwhile. */
export async function pushDataset(target: PushTarget, deps: PushDeps): Promise<PushResult> {
  const present = await readTags(target, deps.options.signal)
  const digest = unchangedDigest(deps.source)
  const pushedBefore = deps.source.cached?.pushed[whereOf(target)] === digest
  if (digest && pushedBefore && [...present.values()].every((tag) => tag?.digest === digest)) {
    return nothingToDo(target, deps, digest, present)
  }
  checkVersions(present, digest)
  const journal = openJournal(deps.cacheFolder, target.connection.host, target.dataset)
  try {
    return await pushContent(target, deps, present, journal)
  } catch (error) {
    // Receipts of an interrupted push may have expired or be from another store: without them all is sent anew.
    if (!(error instanceof AetherError && error.code === 'denied' && journal.resumed())) throw error
    await journal.clear()
    return await pushContent(target, deps, present, journal)
  }
}

async function pushContent(
  target: PushTarget,
  deps: PushDeps,
  present: Present,
  journal: Journal,
): Promise<PushResult> {
  const { source, options } = deps
  const known = createKnownChunks()
  const bases = await openBases(target, deps, present, known)
  await journal.load(known)
  const sent = createSender(target, deps, journal)
  const packer = createPacker(sent.deliver)
  const collected = await collectContent(source, known, packer, reportRead(target, deps), options.signal)
  const staged = await stageSnapshot(source.entries, collected.hashes, collected.chunks, known, packer)
  await packer.finish()
  await sent.done()
  const record = assembleRecord(staged, known, packer, { message: options.message ?? '', labels: options.labels ?? {} })
  checkVersions(present, record.digest)
  const tags = options.dryRun
    ? { existed: false, tags: [] }
    : await publish(target, deps, record, bases, journal, present)
  if (!options.dryRun) {
    await remember(target, deps, record.digest, staged, collected)
    await journal.clear()
  }
  return {
    ...summary(target, deps, record.digest),
    unreadBytes: collected.unreadBytes,
    ...tags,
    newBytes: packer.plainBytes(),
    ...sent.totals(),
  }
}

async function readTags({ connection, dataset, tags }: PushTarget, signal?: AbortSignal): Promise<Present> {
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
function checkVersions(present: Present, digest: Digest | undefined): void {
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

/** Snapshots whose chunks need not be sent: what the tags point to, the dataset's newest, those named, and the same digest. */
async function openBases(
  target: PushTarget,
  { source, tails, options }: PushDeps,
  present: Present,
  known: KnownChunks,
): Promise<OpenBase[]> {
  const { connection, dataset } = target
  const { signal } = options
  const digests = new Set(
    [...presentDigests(present), await newest(target, signal), unchangedDigest(source)].filter((d) => d !== undefined),
  )
  const wanted: Base[] = [...[...digests].map((digest) => ({ dataset, digest })), ...target.bases]
  const opened = (await Promise.all(wanted.map((base) => openBase(connection, base, tails, signal)))).filter(
    (base) => base !== undefined,
  )
  for (const base of opened) await addBase(known, base, signal)
  return opened
}

function presentDigests(present: Present): (Digest | undefined)[] {
  return [...present.values()].map((tag) => tag?.digest)
}

/** Moves of the log that are looked at for a snapshot: the newest may be removals. */
const RECENT_MOVES = 10

/** What a tag of the dataset was pointed to last. */
async function newest({ connection, dataset }: PushTarget, signal?: AbortSignal): Promise<Digest | undefined> {
  const { items } = await connection.listLog(dataset, { limit: RECENT_MOVES, signal })
  return items.find(({ to }) => to !== undefined)?.to
}

/** Sends blocks, or in a dry run only counts them. */
function createSender({ connection, dataset }: PushTarget, { options }: PushDeps, journal: Journal) {
  let sentBytes = 0
  let blocks = 0
  const count = ({ info }: BuiltBlock) => {
    sentBytes += info.size
    blocks++
    options.onProgress?.({ subject: dataset, phase: 'upload', bytes: sentBytes })
  }
  const totals = () => ({ sentBytes, blocks })
  const countOnly = async (block: BuiltBlock, release: () => void) => {
    count(block)
    release()
  }
  if (options.dryRun) return { deliver: countOnly, done: async () => {}, totals }
  const uploader = createUploader({
    connection,
    dataset,
    journal,
    concurrency: options.concurrency ?? UPLOADS_AT_ONCE,
    onSent: count,
    signal: options.signal,
  })
  return { deliver: uploader.send, done: uploader.done, totals }
}

function reportRead({ dataset }: PushTarget, { source, options }: PushDeps) {
  const totalBytes = bytesOf(source)
  return (readBytes: number, unreadBytes: number) => {
    const bytes = readBytes + unreadBytes
    options.onProgress?.({
      subject: dataset,
      phase: 'read',
      bytes,
      totalBytes,
      reusedBytes: unreadBytes,
      done: bytes === totalBytes,
    })
  }
}

async function publish(
  target: PushTarget,
  { options }: PushDeps,
  record: SnapshotRecord,
  bases: OpenBase[],
  journal: Journal,
  present: Present,
) {
  const { connection, dataset } = target
  options.onProgress?.({ subject: dataset, phase: 'publish', bytes: 0 })
  const request = {
    dataset,
    record: encodeRecord(record),
    receipts: record.blocks.map((block) => journal.receipt(block)).filter((receipt) => receipt !== undefined),
    bases: bases.map((base) => ({ dataset: base.dataset, digest: base.digest })),
    tags: [...present].map(([tag, info]) => ({ tag, expected: info?.digest ?? ('none' as const) })),
    reason: options.message ?? '',
  }
  const { existed, tags } = await connection.publish(request, { signal: options.signal })
  options.onProgress?.({ subject: dataset, phase: 'publish', bytes: 0, done: true })
  return { existed, tags }
}

/** Keeps what this push found out, for the next one from the same source. */
async function remember(
  target: PushTarget,
  { source }: PushDeps,
  digest: Digest,
  staged: StagedSnapshot,
  { chunks, hashes }: Collected,
): Promise<void> {
  const entries = source.entries.map((entry) => {
    const hash = entry.size > 0 ? (hashes.get(entry) ?? '') : ''
    return [entry.path, { line: cacheLine(entry), stamp: entry.stamp, hash, size: entry.size }] as const
  })
  const cached: CachedPush = {
    digest,
    entries: new Map(entries),
    chunks: {
      ids: staged.content.ids,
      lengths: Uint32Array.from(chunks.lengths),
      final: Uint8Array.from(chunks.final),
    },
    pushed: { ...(source.cached?.digest === digest ? source.cached.pushed : {}), [whereOf(target)]: digest },
  }
  source.cached = cached
  await writeStatCache(source.cachePath, cached)
}

function whereOf({ connection, dataset }: PushTarget): string {
  return `${connection.host}/${dataset}`
}

function bytesOf({ entries }: PreparedSource): number {
  return entries.reduce((sum, { size }) => sum + size, 0)
}

function summary({ connection, dataset }: PushTarget, { source, options }: PushDeps, digest: Digest) {
  const files = source.entries.reduce((count, { kind }) => count + (kind === 'file' ? 1 : 0), 0)
  return {
    host: connection.host,
    dataset,
    digest,
    files,
    bytes: bytesOf(source),
    skipped: source.skipped,
    dryRun: options.dryRun ?? false,
  }
}

function nothingToDo(target: PushTarget, deps: PushDeps, digest: Digest, present: Present): PushResult {
  const tags: TagResult[] = [...present.values()]
    .filter((tag) => tag !== undefined)
    .map((tag) => ({ tag, previous: digest }))
  return {
    ...summary(target, deps, digest),
    tags,
    newBytes: 0,
    sentBytes: 0,
    blocks: 0,
    unreadBytes: bytesOf(deps.source),
    existed: true,
  }
}
