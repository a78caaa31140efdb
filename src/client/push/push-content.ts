// Sends what a hub has not, and publishes the snapshot. The order of things: docs/architecture.md, "Push".
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
import type { Journal } from './journal.ts'
import { checkVersions, type PresentTags } from './present-tags.ts'
import { odditiesOf, reportRead, summary } from './push-result.ts'
import { type PushDeps, type PushTarget, whereOf } from './push-target.ts'
import { caching, remember } from './remember.ts'
import { createSender } from './sender.ts'
import { stageSnapshot } from './stage.ts'

export async function pushContent(
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
