// Hubs over HTTP: calls as Connect unary requests in protobuf, bulk bytes as plain requests.
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
import { MAX_BLOCK } from '../../core/block.ts'
import type { PublishRequest, PublishResult, TagResult } from '../../core/dataset.ts'
import { AetherError } from '../../core/errors.ts'
import { type BlockId, type Digest, formatDigest } from '../../core/id.ts'
import type { DatasetName } from '../../core/names.ts'
import { MAX_RECORD } from '../../core/record-bounds.ts'
import { DatasetService } from '../../gen/aetherfs/v2/dataset_service_pb.ts'
import type { Connection } from '../connection.ts'
import { createGatheredRange } from './gathered-range.ts'
import type { HttpCall } from './http-call.ts'
import {
  deltaOf,
  deltaPartOf,
  digestOf,
  entryOf,
  expectedText,
  logOf,
  page,
  receiptOf,
  resultOf,
  senseless,
  sensible,
  tagOf,
  takenBlocksOf,
} from './http-messages.ts'

import { asIfFirst, moveTag, type Place } from './move-tag.ts'
import { createTransport, type TransportOptions } from './transport.ts'

const { method } = DatasetService
/** Bytes of an answer to a call at most: a page of a listing may hold 10,000 long paths. */
const MAX_ANSWER = 64 * 1024 * 1024
/** A hub may read a whole snapshot back before it answers a publish, and says nothing meanwhile. Milliseconds. */
const PUBLISH_TIMEOUT = 15 * 60_000
/** A hub may have to make a delta before it sends any of it. Who waits for longer takes chunks. Milliseconds. */
const DELTA_TIMEOUT = 30_000
/** Bytes of a delta that a hub may send at once, whatever was asked for. */
const MAX_DELTA_ANSWER = 64 * 1024 * 1024
/** A hub makes the whole snapshot out of a delta before it answers. Milliseconds. */
const TAKE_TIMEOUT = 15 * 60_000
/** Bytes of tails that a hub may answer with. */
const MAX_TAILS = 64 * 1024 * 1024
/** A hub may let an upload wait for half a minute, and then gives its store 80 seconds for the block. Milliseconds. */
const UPLOAD_TIMEOUT = 120_000

/** @param hosts one, or several separated by commas that serve one store */
export function createHttpConnection(hosts: string, options: TransportOptions = {}): Connection {
  const http = createTransport(hosts, options)

  async function send(call: HttpCall): Promise<Buffer> {
    return (await http.send(call)).body
  }

  async function unary<I extends DescMessage, O extends DescMessage>(
    rpc: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    options: Pick<HttpCall, 'signal' | 'once' | 'answerTimeout' | 'onSent'> = {},
  ): Promise<MessageShape<O>> {
    const headers = { 'content-type': 'application/proto', 'connect-protocol-version': '1' }
    const body = toBinary(rpc.input, create(rpc.input, request))
    const path = `/${rpc.parent.typeName}/${rpc.name}`
    const answer = await send({ ...options, method: 'POST', path, headers, body, maxBytes: MAX_ANSWER })
    return sensible(() => fromBinary(rpc.output, answer))
  }

  return {
    hosts,
    get host() {
      return http.host()
    },
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
      const look = () => placeOf(unary(method.getTag, { dataset, tag }, { signal }))
      return moveTag(expected, look, async (from, onSent) => {
        const request = { dataset, tag, digest: formatDigest(to), expectedDigest: expectedText(from), reason }
        return resultOf(await unary(method.moveTag, request, { signal, onSent }))
      })
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
      const deltas = snapshot.deltas.map(deltaOf)
      return { digest, ...numbers, creator, createdMicros: Number(createdMicros), message, labels, deltas }
    },

    async listEntries(dataset, digest, { prefix = '', after = '', limit, signal }) {
      const request = { dataset, digest: formatDigest(digest), prefix, pageToken: after, pageSize: limit }
      const answer = await unary(method.listEntries, request, { signal })
      return page(answer.entries.map(entryOf), answer.nextPageToken)
    },

    readRecord(dataset, digest, { signal } = {}) {
      return send({ method: 'GET', path: `${snapshotPath(dataset, digest)}/record`, maxBytes: MAX_RECORD, signal })
    },

    async readBlock(dataset, digest, block, place, { signal, into } = {}) {
      const path = `${snapshotPath(dataset, digest)}/blocks/${block}`
      const range = createGatheredRange(place, into)
      const other = await send({ method: 'GET', path, range, bulk: true, maxBytes: MAX_BLOCK, signal })
      const bytes = other.length === 0 ? range.bytes() : other
      if (bytes.length !== place.length)
        throw new AetherError(
          'integrity',
          `The hub ${http.host()} gives ${bytes.length} bytes of block ${block} where ${place.length} were asked for`,
        )
      return bytes
    },

    async readDelta(dataset, to, from, { offset, length }, { signal } = {}) {
      const path = `${snapshotPath(dataset, to)}/deltas/${formatDigest(from)}`
      const headers = { range: `bytes=${offset}-${offset + length - 1}` }
      const call = { path, headers, maxBytes: MAX_DELTA_ANSWER, answerTimeout: DELTA_TIMEOUT, signal }
      return deltaPartOf(await http.send({ ...call, method: 'GET', bulk: true }))
    },

    async uploadBlock(dataset, id: BlockId, bytes, { signal } = {}) {
      const path = `/api/v2/datasets/${dataset}/blocks/${id}`
      const headers = { 'content-type': 'application/octet-stream' }
      const call = { path, headers, body: bytes, maxBytes: 64 * 1024, answerTimeout: UPLOAD_TIMEOUT, signal }
      return receiptOf(await send({ ...call, method: 'PUT', bulk: true }))
    },

    async sendDelta(dataset, from, to, body, { signal } = {}) {
      const path = `${snapshotPath(dataset, to)}/deltas/${formatDigest(from)}`
      const headers = { 'content-type': 'application/octet-stream' }
      const call = { path, headers, body, maxBytes: MAX_TAILS, answerTimeout: TAKE_TIMEOUT, dispensable: true, signal }
      return takenBlocksOf(await send({ ...call, method: 'PUT', bulk: true }))
    },

    async publish(request, { signal } = {}) {
      let sent = 0
      const options = { signal, answerTimeout: PUBLISH_TIMEOUT, onSent: () => sent++ }
      const { digest, existed, tags } = await unary(method.publishSnapshot, publication(request), options)
      const answer = { digest: digestOf(digest), existed, tags: tags.map(resultOf) }
      return sent > 1 ? asIfFirstPublish(answer, request, sent) : answer
    },
  }
}

function publication({ dataset, record, receipts, bases, tags, reason }: PublishRequest) {
  return {
    dataset,
    record,
    receipts,
    reason,
    bases: bases.map((base) => ({ dataset: base.dataset, digest: formatDigest(base.digest) })),
    tags: tags.map(({ tag, expected }) => ({ tag, expectedDigest: expectedText(expected) })),
  }
}

/** @param sent how often, which is more than once: the snapshot that the hub has is most likely from the time before */
function asIfFirstPublish(answer: PublishResult, { tags }: PublishRequest, sent: number): PublishResult {
  const wasAt = new Map(tags.map(({ tag, expected }) => [tag, expected]))
  const before = (result: TagResult) => asIfFirst(result, wasAt.get(result.tag.name), sent)
  return { ...answer, existed: false, tags: answer.tags.map(before) }
}

/** Where a tag is, by the hub's answer; "none" when it says that there is no such tag. */
async function placeOf(answer: Promise<MessageShape<typeof method.getTag.output>>): Promise<Place> {
  try {
    return tagOf((await answer).tag).digest
  } catch (error) {
    if (error instanceof AetherError && error.code === 'not-found') return 'none'
    throw error
  }
}

function snapshotPath(dataset: DatasetName, digest: Digest): string {
  return `/api/v2/datasets/${dataset}/snapshots/${formatDigest(digest)}`
}
