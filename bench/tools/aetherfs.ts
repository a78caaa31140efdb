// AetherFS itself: a hub over a folder, and the client, as processes of their own.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type LagProxy, startLagProxy } from '../lag-proxy.ts'
import { checkSame, remove } from '../measure/folders.ts'
import { startHub } from '../measure/hub.ts'
import type { Sample } from '../measure/samples.ts'
import type { Stage } from '../stage.ts'
import { type Client, createClient, DATASET, type PullOptions } from './client.ts'
import { STEP, type Tool } from './tool.ts'

const NAME = 'aetherfs'
/** So far as this has no option to leave it out, its sync is part of a pull. */
const NO_SYNC = 'aetherfs, no sync'
/** A usual line: a round trip of 30 ms and 100 Mbit/s. */
export const LINK = { latencyMs: 30, bytesPerSecond: 12_500_000 }

export const aetherfs: Tool = {
  name: NAME,
  programs: [],
  packages: '',
  async run(stage) {
    const store = stage.at('store')
    mkdirSync(store)
    await using hub = await startHub({ ...stage, store, log: stage.at('hub.log') })
    const client = createClient(stage, hub, store)
    await stage.live('v1', async (source) => {
      await push(stage, client, STEP.push, source, 'v1', 'latest')
      await push(stage, client, STEP.again, source, 'v1', 'latest')
    })
    for (const target of ['synced', 'unsynced', 'distant']) await pullFirst(stage, client, target)
    await stage.live('v2', (source) => push(stage, client, STEP.pushNext, source, 'v2', 'latest'))
    await update(stage, client, 'synced')
    await update(stage, client, 'unsynced')
    await pull(stage, client, STEP.pullNext, 'next', 'v2')
    await overLink(stage, client, hub.port)
  },
}

async function push({ add }: Stage, client: Client, step: string, source: string, ...tags: string[]): Promise<void> {
  const { result, ...usage } = await client.push(source, ...tags)
  add({ step, tool: NAME, ...usage, content: result.bytes, sent: result.sentBytes })
}

/** One with the sync at its end, one without, and one that is not measured and updated over the link later. */
async function pullFirst(stage: Stage, client: Client, target: string): Promise<void> {
  if (target === 'synced') return pull(stage, client, STEP.pull, target, 'latest', { keep: true })
  if (target === 'unsynced') return pull(stage, client, STEP.pull, target, 'latest', { keep: true, sync: false })
  await client.pull(target, 'latest')
}

async function update(stage: Stage, client: Client, target: string): Promise<void> {
  await pull(stage, client, STEP.update, target, 'latest', { sync: target !== 'unsynced' })
}

/** A fresh pull of much data takes its time, and differs little from round to round. */
async function overLink(stage: Stage, client: Client, port: number): Promise<void> {
  await using link = await startLagProxy({ target: { port }, ...LINK })
  await pull(stage, client, STEP.linkUpdate, 'distant', 'latest', { link })
  if (stage.round === 1 || stage.set.contents.v2.bytes < 256e6)
    await pull(stage, client, STEP.linkPull, 'far', 'v2', { link })
}

interface Pull extends PullOptions {
  /** Whether the target stays for another pull. */
  keep?: boolean
  link?: LagProxy
}

/** The target has to be what was pushed. */
async function pull(stage: Stage, client: Client, step: string, target: string, tag: string, options: Pull = {}) {
  const { keep = false, link, sync = true } = options
  const before = link?.sentDown() ?? 0
  const { result, ...usage } = await client.pull(target, tag, { sync, host: link?.host })
  const sample: Sample = {
    scenario: stage.scenario,
    step,
    tool: sync ? NAME : NO_SYNC,
    ...usage,
    content: result.bytes,
    sent: result.downloadedBytes,
  }
  if (link !== undefined) {
    sample.sent = link.sentDown() - before
    sample.fill = sample.sent / (usage.wall * LINK.bytesPerSecond)
  }
  stage.add(sample)
  await checkSame(step === STEP.pull ? stage.set.v1 : stage.set.v2, join(stage.at(target), DATASET, tag))
  if (!keep) await remove(stage.at(target))
}
