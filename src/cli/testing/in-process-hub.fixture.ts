// A real hub, over a store in memory unless told otherwise, reached without a socket: whole commands run in one process, in milliseconds.

import type { Client, ConnectOptions } from '../../client/client.ts'
import type { Connection } from '../../client/connection.ts'
import { createClient } from '../../client/index.ts'
import { createHttpConnection } from '../../client/transport/http-connection.ts'
import { AetherError } from '../../core/errors.ts'
import { createHub } from '../../hub/create-hub.ts'
import { ANONYMOUS, type Hub } from '../../hub/hub.ts'
import { createMemoryStorage } from '../../storage/memory.ts'
import type { Storage } from '../../storage/storage.ts'

export interface InProcessHub {
  connect(options: ConnectOptions): Promise<Client>
  close(): Promise<void>
}

const HOST = 'localhost:8080'

/** The hub answers as "localhost:8080"; every other host is looked for on the network. */
export async function createInProcessHub(
  now: () => number,
  storage: Storage = createMemoryStorage(),
): Promise<InProcessHub> {
  const hub = await createHub({ storage, now })
  const connection = connectionTo(hub)
  return {
    connect: async (options) =>
      createClient(options, (host) => (host === HOST ? connection : createHttpConnection(host, options))),
    close: () => hub.close(),
  }
}

function connectionTo(hub: Hub): Connection {
  return {
    hosts: HOST,
    host: HOST,
    listDatasets: (options) => hub.listDatasets(ANONYMOUS, options),
    listTags: (dataset, options) => hub.listTags(ANONYMOUS, dataset, options),
    getTag: (dataset, tag, options) => hub.getTag(ANONYMOUS, dataset, tag, options),
    moveTag: (dataset, tag, to, options = {}) => hub.moveTag(ANONYMOUS, dataset, tag, to, options),
    deleteTag: (dataset, tag, options = {}) => hub.deleteTag(ANONYMOUS, dataset, tag, options),
    rollBackTag: (dataset, tag, options = {}) => hub.rollBackTag(ANONYMOUS, dataset, tag, options),
    listLog: (dataset, options) => hub.listLog(ANONYMOUS, dataset, options),
    getSnapshot: (dataset, digest, options) => hub.getSnapshot(ANONYMOUS, dataset, digest, options),
    listEntries: (dataset, digest, options) => hub.listEntries(ANONYMOUS, dataset, digest, options),
    readRecord: (dataset, digest, options) => hub.readRecord(ANONYMOUS, dataset, digest, options),
    readBlock: async (dataset, digest, block, range, options) =>
      (await hub.readBlock(ANONYMOUS, dataset, digest, block, { ...options, range })).bytes,
    readDelta: async () => {
      throw new AetherError('not-found', 'No delta')
    },
    sendDelta: async () => {
      throw new AetherError('not-found', 'No delta')
    },
    uploadBlock: (dataset, id, bytes, options) =>
      hub.uploadBlock(ANONYMOUS, dataset, id, bytes.length, once(bytes), options),
    publish: (request, options) => hub.publish(ANONYMOUS, request, options),
    close() {},
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
