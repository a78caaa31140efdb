// The program as users call it, measured together with the hub that it talks to.
import { join } from 'node:path'
import { sizeOf } from '../measure/folders.ts'
import type { Hub, HubUsage } from '../measure/hub.ts'
import type { Usage } from '../measure/measure.ts'
import type { Stage } from '../stage.ts'

export const DATASET = 'bench'

interface Pushed {
  bytes: number
  sentBytes: number
  blocks: number
}

interface Pulled {
  bytes: number
  downloadedBytes: number
  blockRequests: number
  path: string
}

export interface ClientRun<T> extends Usage {
  hub: HubUsage
  result: T
}

export interface Client {
  push(source: string, ...tags: string[]): Promise<ClientRun<Pushed> & { stored: number }>
  pull(target: string, tag: string, options?: PullOptions): Promise<ClientRun<Pulled>>
}

export interface PullOptions {
  /** Host and port to go by. @default those of the hub */
  host?: string
  /** Whether the file system is synced at the end, as it is for users. @default true */
  sync?: boolean
}

/** @param settings variables for all commands */
export function createClient(
  { at, env, program, time }: Stage,
  hub: Hub,
  store: string,
  settings: NodeJS.ProcessEnv = {},
): Client {
  async function run<T>(words: string[], extra: NodeJS.ProcessEnv = {}): Promise<ClientRun<T>> {
    const command = [program, ...words, '--json', '--no-progress']
    const work = () => time(command, { env: { AETHERFS_HOST: hub.host, ...settings, ...extra } })
    const { result: usage, hub: used } = await hub.during(work)
    const [result] = (JSON.parse(usage.stdout) as { results: T[] }).results
    return { ...usage, hub: used, result: result! }
  }

  return {
    async push(source, ...tags) {
      const before = sizeOf(store)
      const pushed = await run<Pushed>(['push', source, ...tags.flatMap((tag) => ['-t', `${DATASET}:${tag}`])])
      return { ...pushed, stored: sizeOf(store) - before }
    },
    pull(target, tag, { host = hub.host, sync = true } = {}) {
      // A program of this name that does nothing stands before the real one.
      const path = sync ? env.PATH : `${join(import.meta.dirname, 'no-sync')}:${env.PATH}`
      return run<Pulled>(['pull', at(target), `${DATASET}:${tag}`], { AETHERFS_HOST: host, PATH: path })
    },
  }
}
