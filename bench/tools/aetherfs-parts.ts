// Parts of what AetherFS does, for the scenarios that look at one thing only.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { checkSame } from '../measure/folders.ts'
import { type Hub, startHub } from '../measure/hub.ts'
import type { Stage } from '../stage.ts'
import { type Client, createClient, DATASET } from './client.ts'
import { STEP, type Tool } from './tool.ts'

const NAME = 'aetherfs'

/** Runs with a hub over an empty store. */
export async function withHub(stage: Stage, work: (client: Client, hub: Hub) => Promise<void>) {
  const store = stage.at('store')
  mkdirSync(store)
  await using hub = await startHub({ ...stage, store, log: stage.at('hub.log') })
  await work(createClient(stage, hub, store), hub)
}

/** Pushes of both versions, with one tag. */
export const pushes: Tool = {
  name: NAME,
  programs: [],
  packages: '',
  run: (stage) =>
    withHub(stage, async (client) => {
      await stage.live('v1', (source) => push(stage, client, STEP.push, source))
      await stage.live('v2', (source) => push(stage, client, STEP.pushNext, source))
    }),
}

/** A push and a first pull. */
export const pushAndPull: Tool = {
  name: NAME,
  programs: [],
  packages: '',
  run: (stage) =>
    withHub(stage, async (client) => {
      await stage.live('v1', (source) => push(stage, client, STEP.push, source))
      const { result, ...usage } = await client.pull('target', 'latest')
      stage.add({ step: STEP.pull, tool: NAME, ...usage, content: result.bytes, sent: result.downloadedBytes })
      await checkSame(stage.set.v1, join(stage.at('target'), DATASET, 'latest'))
    }),
}

async function push({ add }: Stage, client: Client, step: string, source: string): Promise<void> {
  const { result, ...usage } = await client.push(source, 'latest')
  add({ step, tool: NAME, ...usage, content: result.bytes, sent: result.sentBytes })
}
