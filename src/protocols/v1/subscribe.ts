// Follows tags for one stream: each is told of when it was asked for, and then when it moves.
import { setTimeout as delay } from 'node:timers/promises'
import type { MessageInitShape } from '@bufbuild/protobuf'
import { AetherError, toAetherError } from '../../core/errors.ts'
import type { Digest } from '../../core/id.ts'
import type { SubscribeRequest, SubscribeResponseSchema } from '../../gen/aetherfs/dataset/v1/dataset_api_pb.ts'
import type { Caller, Hub } from '../../hub/hub.ts'
import type { V1Tag } from '../../hub/v1/v1-hub.ts'
import type { Limits } from '../limits.ts'
import type { Call } from '../unary-calls.ts'
import { datasetMessage, parseTag } from './messages.ts'

/** Tags of one stream at most: each costs a request to the store whenever it is looked at. */
const MAX_TAGS = 64

export interface SubscribeDeps {
  hub: Hub
  limits: Limits
  /** Aborts when the server is about to end. */
  ending: AbortSignal
}

interface Followed extends V1Tag {
  /** Where it pointed when the client was told last. */
  told: Digest | undefined
  /** When to look at it next, by the clock of `performance`. */
  due: number
}

type Response = MessageInitShape<typeof SubscribeResponseSchema>

/** Goes on until the client ends it, or has nothing left to follow and nothing more to say. */
export async function* subscribe(
  requests: AsyncIterable<SubscribeRequest>,
  { caller, signal }: Call,
  { hub, limits, ending }: SubscribeDeps,
): AsyncGenerator<Response> {
  const over = AbortSignal.any([signal, ending])
  const asked = followRequests(requests)
  while (!over.aborted) {
    asked.check()
    for (const tag of asked.dueTags()) {
      tag.due = performance.now() + limits.tagInterval
      const response = await news(hub, caller, tag, limits.messageBytes, signal)
      if (response && asked.follows(tag)) yield response
    }
    if (asked.isOver()) return
    await asked.next(asked.wait(limits.tagInterval), over)
  }
}

/** A tag that is not there may come to be, and a store that is away for a while is no news. */
async function news(
  hub: Hub,
  caller: Caller,
  tag: Followed,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Response | undefined> {
  try {
    const { digest } = await hub.getTag(caller, tag.dataset, tag.tag, { signal })
    if (digest === tag.told) return undefined
    const dataset = await hub.v1.describe(caller, tag, { maxBytes, signal })
    tag.told = digest
    return { tag: { name: tag.dataset, version: tag.tag }, dataset: datasetMessage(dataset) }
  } catch (error) {
    const { code } = toAetherError(error)
    if (code === 'not-found' || (code === 'unavailable' && tag.told !== undefined)) return undefined
    throw error
  }
}

/** The tags that a client has asked for so far. */
function followRequests(requests: AsyncIterable<SubscribeRequest>) {
  const tags = new Map<string, Followed>()
  let changed = Promise.withResolvers<void>()
  let ended: { error?: unknown } | undefined

  function take({ tag: message, cancel }: SubscribeRequest): void {
    const tag = parseTag(message)
    const key = `${tag.dataset}:${tag.tag}`
    if (cancel) tags.delete(key)
    else tags.set(key, { ...tag, told: undefined, due: 0 })
    if (tags.size > MAX_TAGS) throw new AetherError('too-large', `A stream follows at most ${MAX_TAGS} tags`)
  }

  async function readAll(): Promise<void> {
    for await (const request of requests) {
      take(request)
      changed.resolve()
    }
  }

  const end = (error?: unknown) => {
    ended = { error }
    changed.resolve()
  }
  readAll().then(() => end(), end)

  return {
    /** @throws what went wrong with the requests */
    check(): void {
      if (ended?.error !== undefined) throw ended.error
    },
    dueTags: () => [...tags.values()].filter(({ due }) => due <= performance.now()),
    follows: (tag: Followed) => tags.get(`${tag.dataset}:${tag.tag}`) === tag,
    isOver: () => ended !== undefined && ended.error === undefined && tags.size === 0,
    /** Milliseconds until the next tag is due. */
    wait: (most: number) =>
      Math.max(0, Math.min(most, ...tags.values().map(({ due }) => Math.ceil(due - performance.now())))),
    /** Resolves after so many milliseconds, or when there is something new. */
    async next(ms: number, signal: AbortSignal): Promise<void> {
      const timer = new AbortController()
      const waiting = delay(ms, undefined, { signal: AbortSignal.any([signal, timer.signal]) }).catch(() => {})
      await Promise.race([waiting, changed.promise])
      timer.abort()
      changed = Promise.withResolvers()
    },
  }
}
