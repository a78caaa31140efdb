// Updates by delta, and by chunks alone for comparison, each with a hub and a store of its own.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { startLagProxy } from '../lag-proxy.ts'
import { checkSame } from '../measure/folders.ts'
import { type Hub, startHub } from '../measure/hub.ts'
import type { Stage } from '../stage.ts'
import { type Client, createClient, DATASET } from './client.ts'
import { STEP, type Tool } from './tool.ts'

/** A slower line than the usual one: a round trip of 30 ms and 50 Mbit/s. */
const LINK = { latencyMs: 30, bytesPerSecond: 6_250_000 }

export const deltas: Tool = { name: 'aetherfs', programs: [], packages: '', run: (stage) => runUpdates(stage, true) }
export const chunks: Tool = {
  name: 'aetherfs, chunks',
  programs: [],
  packages: '',
  run: (stage) => runUpdates(stage, false),
}

interface Updates {
  stage: Stage
  hub: Hub
  client: Client
  tool: string
}

/** Whatever a hub does after a publish, it has done when the next thing is measured. */
async function runUpdates(stage: Stage, byDelta: boolean): Promise<void> {
  const store = stage.at('store')
  mkdirSync(store)
  const env = { ...stage.env, AETHERFS_RUN_DELTAS: String(byDelta) }
  await using hub = await startHub({ ...stage, env, store, log: stage.at('hub.log') })
  const client = createClient(stage, hub, store, { AETHERFS_DELTAS: String(byDelta) })
  const updates = { stage, hub, client, tool: byDelta ? deltas.name : chunks.name }
  // The link takes long, and its rate is the same every time.
  const targets = stage.round === 1 ? ['first', 'next', 'distant'] : ['first', 'next']
  await push(updates, 'v1', STEP.push)
  for (const target of targets) await client.pull(target, 'latest')
  await hub.idle()
  await push(updates, 'v2', STEP.pushNext)
  await hub.idle()
  await update(updates, 'first', STEP.firstUpdate)
  await hub.idle()
  await update(updates, 'next', STEP.update)
  if (stage.round === 1) await updateOverLink(updates)
}

async function push({ stage, client, tool }: Updates, version: 'v1' | 'v2', step: string): Promise<void> {
  const { result, ...usage } = await stage.live(version, (source) => client.push(source, 'latest'))
  stage.add({ step, tool, ...usage, content: result.bytes, sent: result.sentBytes })
}

async function update({ stage, client, tool }: Updates, target: string, step: string): Promise<void> {
  const { result, ...usage } = await client.pull(target, 'latest')
  stage.add({ step, tool, ...usage, content: result.bytes, sent: result.downloadedBytes })
  await finish(stage, target)
}

/** What is sent is all that comes over the link: with the answers about tags, and with HTTP. */
async function updateOverLink({ stage, hub, client, tool }: Updates): Promise<void> {
  await using link = await startLagProxy({ target: { port: hub.port }, ...LINK })
  const { result, ...usage } = await client.pull('distant', 'latest', { host: link.host })
  const sent = link.sentDown()
  const fill = sent / (usage.wall * LINK.bytesPerSecond)
  stage.add({ step: STEP.linkUpdate, tool, ...usage, content: result.bytes, sent, fill })
  await finish(stage, 'distant')
}

async function finish({ set, at, discard }: Stage, target: string): Promise<void> {
  await checkSame(set.v2, join(at(target), DATASET, 'latest'))
  await discard(at(target))
}
