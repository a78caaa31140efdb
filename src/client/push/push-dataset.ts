// One push of a prepared source to one dataset on one hub. The order of things: docs/architecture.md, "Push".
import { AetherError, toAetherError } from '../../core/errors.ts'
import type { Digest } from '../../core/id.ts'
import { encodeRecord, type SnapshotRecord } from '../../core/record.ts'
import { assembleRecord } from '../../dataset/assemble-record.ts'
import { createKnownChunks, type KnownChunks } from '../../dataset/known-chunks.ts'
import { createPacker, type Packer } from '../../dataset/packer.ts'
import type { PushResult } from '../client.ts'
import type { OpenBase } from './bases.ts'
import { type Collected, collectContent } from './collect.ts'
import { createChunkPile } from './delta/chunk-pile.ts'
import { keepBase } from './delta/keep-base.ts'
import { packPile } from './delta/pack-pile.ts'
import { planDelta } from './delta/plan-delta.ts'
import { NO_DELTA, type SentDelta, sendDelta } from './delta/send-delta.ts'
import { openBases } from './find-bases.ts'
import { type Journal, openJournal } from './journal.ts'
import { unchangedDigest } from './prepare.ts'
import { checkVersions, type PresentTags, readTags } from './present-tags.ts'
import { nothingToDo, odditiesOf, reportRead, summary } from './push-result.ts'
import { type PushDeps, type PushTarget, whereOf } from './push-target.ts'
import { remember } from './remember.ts'
import { createSender } from './sender.ts'
import { stageSnapshot } from './stage.ts'

/** @throws {AetherError} `conflict` when a tag is a version with other content, or was moved by somebody else meanwhile. */
export async function pushDataset(target: PushTarget, deps: PushDeps): Promise<PushResult> {
  const present = await readTags(target, deps.options.signal)
  const digest = unchangedDigest(deps.source)
  const pushedBefore = deps.source.last?.pushed[whereOf(target)] === digest
  if (digest && pushedBefore && [...present.values()].every((tag) => tag?.digest === digest)) {
    const warnings = deps.options.dryRun ? [] : await keepAgain(target, deps, digest)
    return { ...nothingToDo(target, deps, digest, present), warnings }
  }
  checkVersions(present, digest)
  const journal = openJournal(deps.cacheFolder, target.connection.hosts, target.dataset)
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
  present: PresentTags,
  journal: Journal,
): Promise<PushResult> {
  const { source, options } = deps
  const known = createKnownChunks()
  const bases = await openBases(target, deps, present, known)
  await journal.load(known)
  const sent = createSender(target, deps, journal)
  await using closing = new AsyncDisposableStack()
  const packer = closing.adopt(createPacker(sent.deliver), (open) => open.close())
  const { collected, delta, ...content } = await gather(target, deps, { bases, known, journal, packer })
  const staged = await stageSnapshot(source, collected.chunks, known, content.sink)
  checkVersions(present, staged.digest)
  await packer.finish()
  await sent.done()
  const { sentBytes, blocks } = sent.totals()
  const numbers = { unreadBytes: collected.unreadBytes, newBytes: content.newBytes(), blocks }
  const moved = { sentBytes: sentBytes + delta.bytes, deltaBytes: delta.bytes }
  const result = { ...summary(target, deps, staged.digest), ...numbers, ...moved }
  if (options.dryRun) return { ...result, existed: false, tags: [], warnings: delta.warnings }
  const words = { message: options.message ?? '', labels: options.labels ?? {} }
  const record = assembleRecord(staged, known, packer, words)
  const publishing = publish(target, deps, record, bases, journal, present)
  publishing.catch(() => {}) // thrown where it is waited for
  await keepBase(source, record.digest, deps.bases) // meanwhile, and before the stat cache is written
  const published = await publishing
  const oddities = [...delta.warnings, ...odditiesOf(deps, published.existed), ...journal.warnings()]
  return { ...result, ...published, warnings: [...oddities, ...(await tidyUp())] }

  function tidyUp(): Promise<string[]> {
    return caching(async () => {
      // In this order: a push after one that is remembered finds nothing to do, and would leave the journal there.
      await journal.clear()
      await remember(source, whereOf(target), record.digest, collected.chunks)
    })
  }
}

/** The last push may have been unable to keep the files. */
async function keepAgain(target: PushTarget, { source, bases }: PushDeps, digest: Digest): Promise<string[]> {
  const { last } = source
  if (!(last && (await keepBase(source, digest, bases)))) return []
  return await caching(() => remember(source, whereOf(target), digest, last.chunks))
}

/** The push is through, whatever becomes of the caches. */
async function caching(write: () => Promise<void>): Promise<string[]> {
  try {
    await write()
    return []
  } catch (error) {
    return [
      `The next push has to read everything again, because this one could not write its cache: ${toAetherError(error).message}`,
    ]
  }
}

interface Gathering {
  bases: OpenBase[]
  known: KnownChunks
  journal: Journal
  packer: Packer
}

interface Gathered {
  collected: Collected
  delta: SentDelta
  /** Where chunks of listing and times go. */
  sink: Pick<Packer, 'has' | 'add'>
  newBytes(): number
}

/** Goes through the content: the hub has all of it after this, or the packer. */
async function gather(target: PushTarget, deps: PushDeps, gathering: Gathering): Promise<Gathered> {
  const { source, options } = deps
  const { known, journal, packer, bases } = gathering
  const report = reportRead(target, deps)
  const plan = options.deltas === false ? undefined : await planDelta(target, deps, bases)
  if (!plan) {
    const collected = await collectContent(source, known, packer, report, options.signal)
    return { collected, delta: NO_DELTA, sink: packer, newBytes: packer.plainBytes }
  }
  const pile = createChunkPile()
  const collected = await collectContent(source, known, pile, report, options.signal)
  const { chunks } = collected
  const delta = await sendDelta(target, deps, plan, { chunks, pile, known, journal })
  if (delta.bytes > 0 && options.dryRun) return { collected, delta, sink: pile, newBytes: pile.plainBytes }
  await packPile(source, chunks, pile, known, packer, options.signal)
  return { collected, delta, sink: packer, newBytes: delta.bytes > 0 ? pile.plainBytes : packer.plainBytes }
}

async function publish(
  target: PushTarget,
  { options }: PushDeps,
  record: SnapshotRecord,
  bases: OpenBase[],
  journal: Journal,
  present: PresentTags,
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
