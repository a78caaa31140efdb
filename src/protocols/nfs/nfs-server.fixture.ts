// Hubs in memory with an NFS door, for tests.
import { after } from 'node:test'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import type { DatasetName, TagName } from '../../core/names.ts'
import type { ReadableTree } from '../../dataset/tree/readable-tree.ts'
import { createHub } from '../../hub/create-hub.ts'
import { ANONYMOUS, type Hub } from '../../hub/hub.ts'
import { hubTrees } from '../../hub/hub-tree.ts'
import { type BuiltSnapshot, buildSnapshot } from '../../hub/snapshot.fixture.ts'
import { createMemoryStorage } from '../../storage/memory.ts'
import type { Storage } from '../../storage/storage.ts'
import { createNfsMetrics } from '../nfs-metrics.ts'
import { openClient } from './nfs-client.fixture.ts'
import { createNfsServer, type NfsServer, type NfsServerOptions } from './serve-nfs.ts'

export interface TestDoor {
  server: NfsServer
  port: number
  log: Record<string, unknown>[]
  metrics(): Promise<string>
}

/** Ends with the tests of the file. */
export async function openDoor(tree: ReadableTree, options: Partial<NfsServerOptions> = {}): Promise<TestDoor> {
  const registry = new Registry()
  const log: Record<string, unknown>[] = []
  const logger = pino({ level: 'debug' }, { write: (line: string) => log.push(JSON.parse(line)) })
  const metrics = createNfsMetrics(registry)
  const server = createNfsServer({ tree, handleKey: new Uint8Array(32), logger, metrics, ...options })
  const { port } = await server.listen('127.0.0.1', 0)
  after(() => server.drain(0))
  return { server, port, log, metrics: () => registry.metrics() }
}

export async function openHub(storage: Storage = createMemoryStorage()) {
  const hub = await createHub({ storage })
  after(() => hub.close())
  return { hub, storage, tree: hubTrees(hub)(ANONYMOUS), handleKey: hub.derivedSecret('nfs handles') }
}

/** A hub with an NFS door and a client that has mounted its root. */
export async function openHubDoor(storage?: Storage) {
  const opened = await openHub(storage)
  const door = await openDoor(opened.tree, { handleKey: opened.handleKey })
  const client = await openClient(door.port)
  after(() => client[Symbol.dispose]())
  const { handle: root } = await client.mount('/')
  return { ...opened, ...door, client, root }
}

export async function push(hub: Hub, files: Record<string, Uint8Array | string>, dataset: string, ...tags: string[]) {
  const snapshot = await buildSnapshot(files)
  const name = dataset as DatasetName
  await hub.publish(ANONYMOUS, {
    dataset: name,
    record: snapshot.bytes,
    receipts: await upload(hub, name, snapshot),
    bases: [],
    tags: tags.map((tag) => ({ tag: tag as TagName, expected: undefined })),
    reason: '',
  })
  return snapshot.record.digest
}

function upload(hub: Hub, dataset: DatasetName, { blocks }: BuiltSnapshot): Promise<string[]> {
  async function* body(bytes: Uint8Array) {
    yield bytes
  }
  return Promise.all(blocks.map((b) => hub.uploadBlock(ANONYMOUS, dataset, b.info.id, b.bytes.length, body(b.bytes))))
}
