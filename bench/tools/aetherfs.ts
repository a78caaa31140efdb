// AetherFS itself: a hub over a folder, and the client, as processes of their own.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type LagProxy, startLagProxy } from '../lag-proxy.ts'
import { checkSame } from '../measure/folders.ts'
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
    // What takes long and differs little is done once.
    const isFirst = stage.round === 1
    mkdirSync(store)
    await using hub = await startHub({ ...stage, store, log: stage.at('hub.log') })
    const client = createClient(stage, hub, store)
    await stage.live('v1', async (source) => {
      await push(stage, client, STEP.push, source, 'v1', 'latest')
      await push(stage, client, STEP.again, source, 'v1', 'latest')
    })
    await pull(stage, client, STEP.pull, 'synced', 'latest', { keep: true })
    await pull(stage, client, STEP.pull, 'unsynced', 'latest', { keep: true, sync: false })
    if (isFirst) await client.pull('distant', 'latest')
    await stage.live('v2', (source) => push(stage, client, STEP.pushNext, source, 'v2', 'latest'))
    await pull(stage, client, STEP.update, 'synced', 'latest')
    await pull(stage, client, STEP.update, 'unsynced', 'latest', { sync: false })
    if (!isFirst) return
    await pull(stage, client, STEP.pullNext, 'next', 'v2')
    await overLink(stage, client, hub.port)
  },
}

async function push({ add }: Stage, client: Client, step: string, source: string, ...tags: string[]): Promise<void> {
  const { result, ...usage } = await client.push(source, ...tags)
  add({ step, tool: NAME, ...usage, content: result.bytes, sent: result.sentBytes })
}

/** An update of a folder that was pulled before, and a first pull. */
async function overLink(stage: Stage, client: Client, port: number): Promise<void> {
  await using link = await startLagProxy({ target: { port }, ...LINK })
  await pull(stage, client, STEP.linkUpdate, 'distant', 'latest', { link })
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
  if (!keep) await stage.discard(stage.at(target))
}
