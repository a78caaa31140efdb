// A hub over HTTP: calls as Connect unary requests in protobuf, bulk bytes as plain requests.
// The protocol of the calls: https://connectrpc.com/docs/protocol. Addresses of the bulk bytes: docs/format.md, section 8.
import {
  create,
  type DescMessage,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf'
import { MAX_BLOCK } from '../core/block.ts'
import type {
  CallOptions,
  Expected,
  LogEntry,
  Page,
  TagAction,
  TagInfo,
  TagResult,
  TimedEntry,
} from '../core/dataset.ts'
import { AetherError } from '../core/errors.ts'
import { type BlockId, type Digest, formatDigest, parseDigest, parseFileHash } from '../core/id.ts'
import type { DatasetName, TagName } from '../core/names.ts'
import { MAX_RECORD } from '../core/record.ts'
import {
  DatasetService,
  type Entry as EntryMessage,
  type LogEntry as LogMessage,
  type Tag as TagMessage,
} from '../gen/aetherfs/v2/dataset_service_pb.ts'
import type { Connection } from './connection.ts'
import { createHttpCalls, type HttpCall } from './http-calls.ts'
import { errorOf } from './http-errors.ts'

const { method } = DatasetService
/** Bytes of an answer to a call at most: a page of a listing may hold 10,000 long paths. */
const MAX_ANSWER = 64 * 1024 * 1024
/** A hub may read a whole snapshot back before it answers a publish, so that takes longer than other calls. */
const PUBLISH_TIMEOUT = 15 * 60_000

export interface HttpConnectionOptions {
  plainHttp?: boolean
  ca?: string
}

export function createHttpConnection(host: string, options: HttpConnectionOptions = {}): Connection {
  const http = createHttpCalls(host, options)

  async function send(call: HttpCall): Promise<Buffer> {
    const answer = await http.send(call)
    if (answer.status < 200 || answer.status > 299) throw errorOf(host, answer)
    return answer.body
  }

  async function unary<I extends DescMessage, O extends DescMessage>(
    rpc: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    { signal, idleTimeout, once }: CallOptions & { idleTimeout?: number; once?: boolean } = {},
  ): Promise<MessageShape<O>> {
    const headers = { 'content-type': 'application/proto', 'connect-protocol-version': '1' }
    const body = toBinary(rpc.input, create(rpc.input, request))
    const path = `/${rpc.parent.typeName}/${rpc.name}`
    const answer = await send({ method: 'POST', path, headers, body, maxBytes: MAX_ANSWER, idleTimeout, once, signal })
    return sensible(() => fromBinary(rpc.output, answer))
  }

  return {
    host,
    close: () => http.close(),

    async listDatasets({ prefix = '', after = '', limit, signal }) {
      const answer = await unary(method.listDatasets, { prefix, pageToken: after, pageSize: limit }, { signal })
      return page(answer.datasets as DatasetName[], answer.nextPageToken)
    },

    async listTags(dataset, { after = '', limit, signal }) {
      const answer = await unary(method.listTags, { dataset, pageToken: after, pageSize: limit }, { signal })
      return page(answer.tags.map(tagOf), answer.nextPageToken)
    },

    async getTag(dataset, tag, options) {
      return tagOf((await unary(method.getTag, { dataset, tag }, options)).tag)
    },

    async moveTag(dataset, tag, to, { expected, reason = '', signal } = {}) {
      const request = { dataset, tag, digest: formatDigest(to), expectedDigest: expectedText(expected), reason }
      return resultOf(await unary(method.moveTag, request, { signal }))
    },

    async deleteTag(dataset, tag, { expected, reason = '', signal } = {}) {
      await unary(
        method.deleteTag,
        { dataset, tag, expectedDigest: expectedText(expected), reason },
        { signal, once: true },
      )
    },

    async rollBackTag(dataset, tag, { reason = '', signal } = {}) {
      return resultOf(await unary(method.rollBackTag, { dataset, tag, reason }, { signal, once: true }))
    },

    async listLog(dataset, { tag = '', after = '', limit, signal }) {
      const answer = await unary(method.listLog, { dataset, tag, pageToken: after, pageSize: limit }, { signal })
      return page(answer.entries.map(logOf), answer.nextPageToken)
    },

    async getSnapshot(dataset, digest, options) {
      const { snapshot } = await unary(method.getSnapshot, { dataset, digest: formatDigest(digest) }, options)
      if (!snapshot) throw senseless('no snapshot')
      const { size, files, entries, blocks, storedSize, creator, createdMicros, message, labels } = snapshot
      const numbers = {
        size: Number(size),
        files: Number(files),
        entries: Number(entries),
        blocks: Number(blocks),
        storedSize: Number(storedSize),
      }
      return { digest, ...numbers, creator, createdMicros: Number(createdMicros), message, labels }
    },

    async listEntries(dataset, digest, { prefix = '', after = '', limit, signal }) {
      const request = { dataset, digest: formatDigest(digest), prefix, pageToken: after, pageSize: limit }
      const answer = await unary(method.listEntries, request, { signal })
      return page(answer.entries.map(entryOf), answer.nextPageToken)
    },

    readRecord(dataset, digest, { signal } = {}) {
      return send({ method: 'GET', path: `${snapshotPath(dataset, digest)}/record`, maxBytes: MAX_RECORD, signal })
    },

    async readBlock(dataset, digest, block, { offset, length }, { signal } = {}) {
      const path = `${snapshotPath(dataset, digest)}/blocks/${block}`
      const bytes = await send({
        method: 'GET',
        path,
        headers: { range: `bytes=${offset}-${offset + length - 1}` },
        maxBytes: MAX_BLOCK,
        signal,
      })
      if (bytes.length !== length)
        throw new AetherError(
          'integrity',
          `The hub ${host} gives ${bytes.length} bytes of block ${block} where ${length} were asked for`,
        )
      return bytes
    },

    async uploadBlock(dataset, id: BlockId, bytes, { signal } = {}) {
      const path = `/api/v2/datasets/${dataset}/blocks/${id}`
      const headers = { 'content-type': 'application/octet-stream' }
      const answer = await send({ method: 'PUT', path, headers, body: bytes, maxBytes: 64 * 1024, signal })
      return receiptOf(answer)
    },

    async publish({ dataset, record, receipts, bases, tags, reason }, { signal } = {}) {
      const request = {
        dataset,
        record,
        receipts,
        reason,
        bases: bases.map((base) => ({ dataset: base.dataset, digest: formatDigest(base.digest) })),
        tags: tags.map(({ tag, expected }) => ({ tag, expectedDigest: expectedText(expected) })),
      }
      const answer = await unary(method.publishSnapshot, request, { signal, idleTimeout: PUBLISH_TIMEOUT })
      return { digest: digestOf(answer.digest), existed: answer.existed, tags: answer.tags.map(resultOf) }
    },
  }
}

function snapshotPath(dataset: DatasetName, digest: Digest): string {
  return `/api/v2/datasets/${dataset}/snapshots/${formatDigest(digest)}`
}

function receiptOf(body: Buffer): string {
  const { receipt } = sensible(() => JSON.parse(body.toString()) as { receipt?: unknown })
  if (typeof receipt !== 'string') throw senseless('no receipt')
  return receipt
}

function page<T>(items: T[], token: string): Page<T> {
  return { items, next: token || undefined }
}

function expectedText(expected: Expected): string {
  return expected === undefined ? '' : expected === 'none' ? 'none' : formatDigest(expected)
}

function tagOf(tag: TagMessage | undefined): TagInfo {
  if (!tag) throw senseless('no tag')
  return {
    name: tag.name as TagName,
    digest: digestOf(tag.digest),
    version: tag.version,
    movedMicros: Number(tag.movedMicros),
    movedBy: tag.movedBy,
  }
}

function resultOf({ tag, previousDigest }: { tag?: TagMessage; previousDigest: string }): TagResult {
  return { tag: tagOf(tag), previous: optionalDigest(previousDigest) }
}

function optionalDigest(text: string): Digest | undefined {
  return text === '' ? undefined : digestOf(text)
}

function digestOf(text: string): Digest {
  return sensible(() => parseDigest(text))
}

function logOf(entry: LogMessage): LogEntry {
  return {
    tag: entry.tag as TagName,
    from: optionalDigest(entry.fromDigest),
    to: optionalDigest(entry.toDigest),
    who: entry.who,
    whenMicros: Number(entry.whenMicros),
    reason: entry.reason,
    action: entry.action as TagAction,
  }
}

function entryOf({ path, kind, executable, size, sha256, target, modifiedMicros }: EntryMessage): TimedEntry {
  const micros = Number(modifiedMicros)
  if (kind === 'file')
    return {
      kind,
      path,
      executable,
      size: Number(size),
      hash: sensible(() => parseFileHash(sha256)),
      modifiedMicros: micros,
    }
  if (kind === 'link') return { kind, path, target, modifiedMicros: micros }
  if (kind === 'folder') return { kind, path, modifiedMicros: micros }
  throw senseless(`an entry of the kind "${kind}"`)
}

/** What cannot be read in an answer is the fault of whoever gave it: neither the caller's nor a defect of ours. */
function sensible<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw senseless(cause instanceof Error ? cause.message : String(cause), cause)
  }
}

function senseless(what: string, cause?: unknown): AetherError {
  return new AetherError('integrity', `The hub's answer makes no sense: ${what}`, {
    cause,
    hint: 'Is this the address of an AetherFS hub?',
  })
}
