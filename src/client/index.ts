// The public library: `import { connect } from 'aetherfs'`. What only some calls need is loaded by the first of them.
import { AetherError } from '../core/errors.ts'
import { parseReference, type Reference } from '../core/reference.ts'
import { watchTag } from '../dataset/tree/watch-tag.ts'
import { defaultCacheFolder } from './cache-folder.ts'
import type { Client, ConnectOptions, Resolved } from './client.ts'
import type { Connection } from './connection.ts'
import { createConnections } from './connections.ts'
import { diffListings } from './diff.ts'
import { resolveReference } from './resolve.ts'
import { createTailCache } from './tail-cache.ts'
import { createHttpConnection } from './transport/http-connection.ts'
import { createRateLimit, SLOWEST_RATE } from './transport/rate-limit.ts'

export type * from '../core/dataset.ts'
export { AetherError, type ErrorCode } from '../core/errors.ts'
export type { Digest } from '../core/id.ts'
export type { Entry, FileEntry, FolderEntry, LinkEntry } from '../core/listing.ts'
export type { DatasetName, TagName } from '../core/names.ts'
export { formatReference, parseReference, type Reference } from '../core/reference.ts'
export type * from '../dataset/tree/readable-tree.ts'
export type * from './client.ts'
export type { OnProgress, Phase, Progress } from './progress.ts'
export type { PullResult } from './pull/pull.ts'

/** Items of one page of a list. */
const PAGE = 1000

/** A client for any number of hubs. Nothing is sent before the first call. */
export function connect(options: ConnectOptions = {}): Client {
  const { plainHttp, ca, bytesPerSecond, retryForMs: retryFor, onWarning } = options
  if (bytesPerSecond !== undefined && !(bytesPerSecond >= SLOWEST_RATE))
    throw new RangeError(`"bytesPerSecond" is at least ${SLOWEST_RATE}, not ${bytesPerSecond}`)
  const rate = bytesPerSecond === undefined ? undefined : createRateLimit(bytesPerSecond)
  return createClient(options, (hosts) => createHttpConnection(hosts, { plainHttp, ca, rate, retryFor, onWarning }))
}

/** As `connect`, with the way to reach a host given. */
export function createClient(options: ConnectOptions, open: (hosts: string) => Connection): Client {
  const connections = createConnections(options.host, open)
  const { cacheFolder = defaultCacheFolder(), onWarning } = options
  const tails = createTailCache(cacheFolder)
  const at = (text: string) => {
    const reference = parseReference(text)
    return { reference, connection: connections.to(reference.host), dataset: reference.dataset }
  }

  async function resolve(text: string, { signal }: { signal?: AbortSignal } = {}): Promise<Resolved> {
    const { reference, connection, dataset } = at(text)
    const { digest, tag } = await resolveReference(connection, reference, signal)
    return { host: connection.host, dataset, tag: tag?.name, digest }
  }

  async function openAt(text: string, { signal }: { signal?: AbortSignal } = {}) {
    const [resolved, { openSnapshot }] = await Promise.all([resolve(text, { signal }), import('./open-snapshot.ts')])
    return openSnapshot(at(text).connection, resolved, tails, signal)
  }

  return {
    resolve,
    open: openAt,
    close: () => connections.close(),
    async tree(wanted = {}) {
      const { openTree } = await import('./tree/open-tree.ts')
      return openTree({ connection: connections.to(wanted.host), tails, cacheFolder, onWarning }, wanted)
    },

    datasets: ({ host, prefix, signal } = {}) =>
      pages((after) => connections.to(host).listDatasets({ prefix, after, limit: PAGE, signal })),

    tags(text, { signal } = {}) {
      const { connection, dataset } = at(text)
      return pages((after) => connection.listTags(dataset, { after, limit: PAGE, signal }))
    },

    async snapshot(text, { signal } = {}) {
      const resolved = await resolve(text, { signal })
      return {
        ...resolved,
        summary: await at(text).connection.getSnapshot(resolved.dataset, resolved.digest, { signal }),
      }
    },

    async *diff(before, after, options) {
      const [a, b] = await Promise.all([openAt(before, options), openAt(after, options)])
      yield* diffListings(a.entries, b.entries)
    },

    async diffBytes(before, after, options) {
      const { diffBytes, openSide } = await import('./diff-bytes.ts')
      const sideAt = async (text: string) =>
        openSide(at(text).connection, await resolve(text, options), tails, options?.signal)
      const [from, to] = await Promise.all([sideAt(before), sideAt(after)])
      return diffBytes(from, to, options?.signal)
    },

    log(text, { signal } = {}) {
      const { reference, connection, dataset } = at(text)
      return pages((after) => connection.listLog(dataset, { tag: reference.tag, after, limit: PAGE, signal }))
    },

    async tag(from, to, { reason, expected, signal } = {}) {
      const target = at(to)
      const source = at(from)
      if (source.connection !== target.connection || source.dataset !== target.dataset) {
        throw new AetherError('invalid', `Cannot tag "${from}" as "${to}": they name different datasets`, {
          hint: 'A tag points to a snapshot of its own dataset; pull the one and push it as the other',
        })
      }
      const name = requireTagName(target.reference, to)
      const { digest } = await resolveReference(source.connection, source.reference, signal)
      return target.connection.moveTag(target.dataset, name, digest, { reason, expected, signal })
    },

    async rollBack(text, { reason, signal } = {}) {
      const { reference, connection, dataset } = at(text)
      return connection.rollBackTag(dataset, requireTagName(reference, text), { reason, signal })
    },

    async deleteTag(text, { reason, signal } = {}) {
      const { reference, connection, dataset } = at(text)
      await connection.deleteTag(dataset, requireTagName(reference, text), { reason, signal })
    },

    async push(source, references, options = {}) {
      const { push } = await import('./push/push.ts')
      return push({ connections, cacheFolder }, source, references, options)
    },

    async pull(target, references, options = {}) {
      const { pullAll } = await import('./pull/pull-all.ts')
      return pullAll(connections, target, references, options)
    },

    watch(text, { intervalMs, signal } = {}) {
      const { reference, connection } = at(text)
      const look = async (signal?: AbortSignal) => {
        const { tag } = await resolveReference(connection, { ...reference, digest: undefined }, signal)
        return tag!
      }
      return watchTag(look, { intervalMs, signal })
    },
  }
}

function requireTagName(reference: Reference, text: string) {
  if (!reference.tag || reference.digest) {
    throw new AetherError('invalid', `"${text}" has to name a tag`, { hint: `For example ${reference.dataset}:latest` })
  }
  return reference.tag
}

async function* pages<T>(
  load: (after: string | undefined) => Promise<{ items: T[]; next: string | undefined }>,
): AsyncGenerator<T> {
  let after: string | undefined
  do {
    const page = await load(after)
    yield* page.items
    after = page.next
  } while (after !== undefined)
}
