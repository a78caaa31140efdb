// aetherfs.dataset.v1.DatasetAPI as calls to the hub.
import { parseDatasetName } from '../../core/names.ts'
import { DatasetAPI } from '../../gen/aetherfs/dataset/v1/dataset_api_pb.ts'
import type { Hub } from '../../hub/hub.ts'
import type { Limits } from '../limits.ts'
import { type PageRequest, pageOptions } from '../page.ts'
import { type BoundStream, bindStream } from '../stream-calls.ts'
import { type BoundCall, bindCall, type Call } from '../unary-calls.ts'
import { publishError } from './errors.ts'
import { datasetMessage, parseDataset, parseTag } from './messages.ts'
import { subscribe } from './subscribe.ts'

const ITEMS = { max: 1000, fallback: 100 } as const

const { list, listTags, lookup, publish, subscribe: subscribing } = DatasetAPI.method

export function datasetCalls(hub: Hub, limits: Limits): BoundCall[] {
  return [
    bindCall(list, async (request, call) => {
      const { items, next = '' } = await hub.listDatasets(call.caller, pageOf(request, call))
      return { datasets: items.map((name) => ({ name })), nextPageToken: next }
    }),

    bindCall(listTags, async (request, call) => {
      const name = parseDatasetName(request.name)
      const { items, next = '' } = await hub.listTags(call.caller, name, pageOf(request, call))
      return { tags: items.map((tag) => ({ name, version: tag.name })), nextPageToken: next }
    }),

    bindCall(lookup, async ({ tag }, { caller, signal }) => {
      const dataset = await hub.v1.describe(caller, parseTag(tag), { maxBytes: limits.messageBytes, signal })
      return { dataset: datasetMessage(dataset) }
    }),

    bindCall(publish, async ({ dataset, tags }, { caller, signal }) => {
      try {
        await hub.v1.publish(caller, parseDataset(dataset), tags.map(parseTag), { signal })
      } catch (error) {
        throw publishError(error)
      }
      return {}
    }),
  ]
}

/** @param ending aborts when the server is about to end, so that subscribing does not hold it up */
export function datasetStreams(hub: Hub, limits: Limits, ending: AbortSignal): BoundStream[] {
  return [
    bindStream(subscribing, (requests, call) => subscribe(requests, call, { hub, limits, ending }), { mayRest: true }),
  ]
}

/** Pages that are too long are cut: the original's clients do not know our bound. */
function pageOf({ pageSize, pageToken }: PageRequest, call: Call) {
  return pageOptions({ pageSize: Math.min(pageSize, ITEMS.max), pageToken }, ITEMS, call)
}
