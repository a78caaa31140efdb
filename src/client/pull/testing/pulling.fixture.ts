// A hub in memory and a target folder, with the words that tests of pulls share.
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { parseReference } from '../../../core/reference.ts'
import type { PullDeps } from '../job.ts'
import { type PullReferenceOptions, type PullResult, pull } from '../pull.ts'
import { createMemoryHub, type MemoryHub } from './memory-hub.fixture.ts'
import { temporaryFolder } from './trees.fixture.ts'

export type PullMore = Partial<PullReferenceOptions> & PullDeps

export interface Pulling {
  hub: MemoryHub
  /** A folder that is not there yet. */
  target: string
  /** Pulls a reference into the target. Not synced unless a test asks for it. */
  pull(reference: string, more?: PullMore): Promise<PullResult>
  /** Path of something of our own in the target. */
  own(...names: string[]): string
  /** Bytes that the hub has sent for requests since the last call. */
  sentBytes(): number
}

export function createPulling(t: TestContext): Pulling {
  const hub = createMemoryHub()
  const target = join(temporaryFolder(t), 'target')
  let counted = 0

  async function pullInto(reference: string, more: PullMore = {}): Promise<PullResult> {
    const { probe, statfs, sync = async () => {}, ...options } = more
    const place = options.output === undefined ? { target } : {}
    const all = { connection: hub.connection, reference: parseReference(reference), ...place, ...options }
    return await pull(all, { probe, statfs, sync })
  }

  function sentBytes(): number {
    const fresh = hub.requests.slice(counted)
    counted = hub.requests.length
    return fresh.reduce((sum, { length }) => sum + length, 0)
  }

  return { hub, target, pull: pullInto, own: (...names) => join(target, '.aetherfs', ...names), sentBytes }
}
