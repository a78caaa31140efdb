// A hub far away as the source of a tree.

import { AetherError } from '../../core/errors.ts'
import { type Digest, formatDigest } from '../../core/id.ts'
import type { DatasetName } from '../../core/names.ts'
import { createLruCache } from '../../dataset/lru-cache.ts'
import { createSharedWork } from '../../dataset/shared-work.ts'
import { listingMemory } from '../../dataset/snapshot-reader.ts'
import type { OpenedSnapshot, TreeSource } from '../../dataset/tree/tree-source.ts'
import type { Connection } from '../connection.ts'
import { openRecord } from '../open-snapshot.ts'
import { createRemoteFetch, createRemoteReader } from '../remote-reader.ts'
import type { TailCache } from '../tail-cache.ts'
import type { HubAnswers, Question } from './hub-answers.ts'
import { type FetchedSnapshot, packSnapshot, unpackSnapshot } from './packed-snapshot.ts'

/** Bytes of open snapshots in memory. */
const OPEN_BYTES = 128 * 1024 * 1024

export function remoteTreeSource(connection: Connection, tails: TailCache, answers: HubAnswers): TreeSource {
  const open = createLruCache<string, OpenedSnapshot>(
    OPEN_BYTES,
    ({ listing, record }) => listingMemory(listing) + record.content.extents.start.byteLength * 4,
  )
  const opening = createSharedWork<string, OpenedSnapshot>()
  /** The one that was opened last is kept whatever it weighs: it is what somebody is looking at. */
  let latest: { key: string; snapshot: OpenedSnapshot } | undefined

  const question = <T>(parts: readonly unknown[], ask: (signal?: AbortSignal) => Promise<T>) => ({
    key: JSON.stringify([1, connection.hosts, ...parts]),
    ask,
    encode: (answer: T) => Buffer.from(JSON.stringify(answer)),
    decode: (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString()) as T,
  })

  async function openFresh(dataset: DatasetName, digest: Digest, signal: AbortSignal): Promise<OpenedSnapshot> {
    const reader = createRemoteReader(connection, { dataset, digest }, tails)
    const wanted: Question<FetchedSnapshot> = {
      key: JSON.stringify([1, connection.hosts, 'snapshot', dataset, digest]),
      async ask(stop, kept) {
        const record = await connection.readRecord(dataset, digest, { signal: stop })
        const old = await kept() // a long listing need not travel again
        return old && Buffer.compare(old.recordBytes, record) === 0 ? old : openRecord(record, digest, reader, stop)
      },
      encode: packSnapshot,
      decode: (bytes) => unpackSnapshot(bytes, digest),
    }
    return answers.answer(wanted, { signal })
  }

  async function openSnapshot(dataset: DatasetName, digest: Digest, signal?: AbortSignal): Promise<OpenedSnapshot> {
    const key = keyOf(dataset, digest)
    const known = latest?.key === key ? latest.snapshot : open.get(key)
    if (known) return known
    const snapshot = await opening.run(key, (stop) => openFresh(dataset, digest, stop), signal)
    open.set(key, snapshot)
    latest = { key, snapshot }
    return snapshot
  }

  /** Its record was rewritten, perhaps: the next one to open it reads that. */
  function forget(dataset: DatasetName, digest: Digest): void {
    const key = keyOf(dataset, digest)
    open.delete(key)
    if (latest?.key === key) latest = undefined
  }

  /** Bytes that the hub itself is asked for; tails are mostly kept. */
  const patient: Pick<Connection, 'readBlock'> = {
    readBlock: (dataset, digest, block, range, { signal } = {}) =>
      answers.fetch((stop) => connection.readBlock(dataset, digest, block, range, { signal: stop }), signal),
  }

  return {
    listDatasets: ({ prefix, after, limit, signal }) =>
      answers.answer(
        question(['datasets', prefix, after, limit], (stop) =>
          connection.listDatasets({ prefix, after, limit, signal: stop }),
        ),
        { signal },
      ),
    listTags: (dataset, { after, limit, signal }) =>
      answers.answer(
        question(['tags', dataset, after, limit], (stop) =>
          connection.listTags(dataset, { after, limit, signal: stop }),
        ),
        { signal },
      ),
    getTag: (dataset, tag, options) =>
      answers.answer(
        question(['tag', dataset, tag], (stop) => connection.getTag(dataset, tag, { signal: stop })),
        options,
      ),
    openSnapshot: (dataset, digest, { signal } = {}) => openSnapshot(dataset, digest, signal),

    async fetchBlock(dataset, digest, block, range, { signal } = {}) {
      const fetch = createRemoteFetch(patient, { dataset, digest }, tails)
      try {
        return await fetch(block, range, signal)
      } catch (error) {
        if (error instanceof AetherError && error.code === 'not-found') forget(dataset, digest)
        throw error
      }
    },
  }
}

function keyOf(dataset: DatasetName, digest: Digest): string {
  return `${dataset}@${formatDigest(digest)}`
}
