// A real hub with a real server on a free port of the loopback address, in this process.
import { pino } from 'pino'
import { createReadCache } from '../../src/dataset/read-cache/read-cache.ts'
import type { ReadableTree } from '../../src/dataset/tree/readable-tree.ts'
import { createHub } from '../../src/hub/create-hub.ts'
import type { Caller, Hub } from '../../src/hub/hub.ts'
import { hubTrees } from '../../src/hub/hub-tree.ts'
import type { Authenticate } from '../../src/protocols/dispatch.ts'
import type { Limits } from '../../src/protocols/limits.ts'
import type { LookUpCredential } from '../../src/protocols/s3/s3-auth.ts'
import { createHubServer } from '../../src/protocols/serve.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'

export interface TestHub extends AsyncDisposable {
  /** Host and port, as references have it. */
  host: string
  url: string
  hub: Hub
  /** What the doors for files show. */
  trees: (caller: Caller) => ReadableTree
  storage: Storage
  /** As when the program is told to end. */
  drain(deadline: number): Promise<void>
}

export interface TestHubOptions {
  /** @default one in memory */
  storage?: Storage
  now?: () => number
  /** Says who sends a request. @default everybody is anonymous */
  authenticate?: Authenticate
  /** What the doors for files show. @default the hub's own datasets */
  trees?: (caller: Caller) => ReadableTree
  /** Access keys of the S3 door. */
  lookUpCredential?: LookUpCredential
  limits?: Partial<Limits>
}

export async function startHub({
  storage = createMemoryStorage(),
  now,
  trees: shown,
  ...options
}: TestHubOptions = {}): Promise<TestHub> {
  const hub = await createHub({ storage, now })
  const reads = createReadCache()
  const trees = shown ?? hubTrees(hub, reads)
  const logger = pino({ level: 'silent' })
  const server = createHubServer({ hub, trees, version: '0.0.0', logger, ...options })
  const { url } = await server.listen('127.0.0.1', 0)

  async function stop(): Promise<void> {
    await server.drain(0)
    await reads.close()
    await hub.close()
  }

  const { drain } = server
  return { host: url.replace('http://', ''), url, hub, trees, storage, drain, [Symbol.asyncDispose]: stop }
}
