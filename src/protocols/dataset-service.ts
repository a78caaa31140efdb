// aetherfs.v2.DatasetService as calls to the hub: texts are parsed, defaults filled in, answers put into messages.
import { formatDigest, parseDigest } from '../core/id.ts'
import { parseDatasetName, parseTagName } from '../core/names.ts'
import { DatasetService, type PublishSnapshotRequest } from '../gen/aetherfs/v2/dataset_service_pb.ts'
import type { Expected, Hub, PublishRequest } from '../hub/hub.ts'
import { entryMessage, logEntryMessage, snapshotMessage, tagMessage, tagResultMessage } from './dataset-messages.ts'
import { type PageBounds, pageOptions } from './page.ts'
import { type BoundCall, bindCalls, type UnaryCalls } from './unary-calls.ts'

const ITEMS: PageBounds = { max: 1000, fallback: 100 }
const ENTRIES: PageBounds = { max: 10_000, fallback: 1000 }

export function datasetServiceCalls(hub: Hub): BoundCall[] {
  return bindCalls(DatasetService, { ...readCalls(hub), ...writeCalls(hub) })
}

type Calls = UnaryCalls<typeof DatasetService>
type WriteCall = 'moveTag' | 'deleteTag' | 'rollBackTag' | 'publishSnapshot'

function readCalls(hub: Hub): Omit<Calls, WriteCall> {
  return {
    async listDatasets(request, call) {
      const { items, next = '' } = await hub.listDatasets(call.caller, {
        ...pageOptions(request, ITEMS, call),
        prefix: request.prefix,
      })
      return { datasets: items, nextPageToken: next }
    },

    async listTags(request, call) {
      const { items, next = '' } = await hub.listTags(
        call.caller,
        parseDatasetName(request.dataset),
        pageOptions(request, ITEMS, call),
      )
      return { tags: items.map(tagMessage), nextPageToken: next }
    },

    async getTag({ dataset, tag }, { caller, signal }) {
      return { tag: tagMessage(await hub.getTag(caller, parseDatasetName(dataset), parseTagName(tag), { signal })) }
    },

    async listLog(request, call) {
      const tag = request.tag === '' ? undefined : parseTagName(request.tag)
      const { items, next = '' } = await hub.listLog(call.caller, parseDatasetName(request.dataset), {
        ...pageOptions(request, ITEMS, call),
        tag,
      })
      return { entries: items.map(logEntryMessage), nextPageToken: next }
    },

    async getSnapshot({ dataset, digest }, { caller, signal }) {
      return {
        snapshot: snapshotMessage(
          await hub.getSnapshot(caller, parseDatasetName(dataset), parseDigest(digest), { signal }),
        ),
      }
    },

    async listEntries(request, call) {
      const { dataset, digest, prefix } = request
      const options = { ...pageOptions(request, ENTRIES, call), prefix }
      const { items, next = '' } = await hub.listEntries(
        call.caller,
        parseDatasetName(dataset),
        parseDigest(digest),
        options,
      )
      return { entries: items.map(entryMessage), nextPageToken: next }
    },
  }
}

function writeCalls(hub: Hub): Pick<Calls, WriteCall> {
  return {
    async moveTag({ dataset, tag, digest, expectedDigest, reason }, { caller, signal }) {
      const options = { expected: parseExpected(expectedDigest), reason, signal }
      return tagResultMessage(
        await hub.moveTag(caller, parseDatasetName(dataset), parseTagName(tag), parseDigest(digest), options),
      )
    },

    async deleteTag({ dataset, tag, expectedDigest, reason }, { caller, signal }) {
      await hub.deleteTag(caller, parseDatasetName(dataset), parseTagName(tag), {
        expected: parseExpected(expectedDigest),
        reason,
        signal,
      })
      return {}
    },

    async rollBackTag({ dataset, tag, reason }, { caller, signal }) {
      return tagResultMessage(
        await hub.rollBackTag(caller, parseDatasetName(dataset), parseTagName(tag), { reason, signal }),
      )
    },

    async publishSnapshot(request, { caller, signal }) {
      const { digest, existed, tags } = await hub.publish(caller, publishRequest(request), { signal })
      return { digest: formatDigest(digest), existed, tags: tags.map(tagResultMessage) }
    },
  }
}

function publishRequest({ dataset, record, receipts, bases, tags, reason }: PublishSnapshotRequest): PublishRequest {
  return {
    dataset: parseDatasetName(dataset),
    record,
    receipts,
    bases: bases.map((base) => ({ dataset: parseDatasetName(base.dataset), digest: parseDigest(base.digest) })),
    tags: tags.map(({ tag, expectedDigest }) => ({ tag: parseTagName(tag), expected: parseExpected(expectedDigest) })),
    reason,
  }
}

function parseExpected(text: string): Expected {
  return text === '' ? undefined : text === 'none' ? 'none' : parseDigest(text)
}
