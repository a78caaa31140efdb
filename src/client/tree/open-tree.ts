// The tree of a hub far away, with all that it keeps in the client's cache folder.
import { join } from 'node:path'
import { createReadCache } from '../../dataset/read-cache/read-cache.ts'
import { createReadableTree } from '../../dataset/tree/create-tree.ts'
import type { OpenTree, TreeOptions } from '../client.ts'
import type { Connection } from '../connection.ts'
import type { TailCache } from '../tail-cache.ts'
import { createHubAnswers } from './hub-answers.ts'
import { createKeptFiles } from './kept-files.ts'
import { remoteTreeSource } from './remote-source.ts'

const CACHE_SIZE = 10 * 1024 ** 3
/** Of it, for what the hub has said, listings above all. */
const KEPT_PART = 0.1

export interface TreeParts {
  connection: Connection
  tails: TailCache
  cacheFolder: string
  onWarning?: (text: string) => void
}

export function openTree(
  { connection, tails, cacheFolder, onWarning }: TreeParts,
  options: TreeOptions = {},
): OpenTree {
  const { cacheSize = CACHE_SIZE, offlineOk = false, memoryBytes, watchInterval } = options
  const path = join(cacheFolder, 'read')
  const contents = createReadCache({ memoryBytes, folder: { path, maxBytes: cacheSize * (1 - KEPT_PART), onWarning } })
  const kept = createKeptFiles(path, cacheSize * KEPT_PART)
  const answers = createHubAnswers({ kept, offlineOk, hosts: connection.hosts, onWarning })
  const tree = createReadableTree(remoteTreeSource(connection, tails, answers), contents, { watchInterval })

  async function close(): Promise<void> {
    await Promise.all([contents.close(), kept.close()])
  }

  return { ...tree, counts: contents.counts, close }
}
