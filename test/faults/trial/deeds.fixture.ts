// What somebody does in a trial, and how it may end: told by the words of docs/command-line.md, not by the code.
import assert from 'node:assert/strict'
import type { CallOptions, Client, ErrorCode, TagResult } from '../../../src/client/index.ts'
import { verifyFolder } from '../../../src/client/pull/verify-folder.ts'
import { isVersionTag, type TagName } from '../../../src/core/names.ts'
import type { Random } from '../../testing/random.fixture.ts'
import type { Model, Place } from './model.fixture.ts'
import type { Source, Stage } from './stage.fixture.ts'

export const CHANNELS = ['live', 'stable']
export const VERSIONS = ['v1', 'v2']
export const TAGS = [...CHANNELS, ...VERSIONS]

export interface Deed {
  /** The reason that the log has for it. */
  name: string
  /** Tags that it is to move. */
  tags: string[]
  /** Where it may bring them. */
  wanted: Place[]
  /** Codes that it may fail with because of how things stand, faults aside. */
  mayFail: ErrorCode[]
  perform(client: Client, options: CallOptions): Promise<Told[]>
}

/** Where a deed says that it found or left a tag. */
export interface Told {
  tag: string
  place: Place
  /** By this deed. */
  moved: boolean
}

export interface Circumstances {
  stage: Stage
  model: Model
  random: Random
  /** Folder that is pulled into. */
  target: string
  number: number
}

type Maker = (circumstances: Circumstances) => Omit<Deed, 'name'> & { kind: string }

/** By how often they are chosen. */
const MAKERS: [number, Maker][] = [
  [6, push],
  [4, pull],
  [3, tag],
  [2, rollback],
  [1, remove],
  [1, verify],
  [3, read],
  [1, list],
  [1, readLog],
]

export function nextDeed(circumstances: Circumstances): Deed {
  const makers = MAKERS.flatMap(([weight, maker]) => new Array<Maker>(weight).fill(maker))
  const { kind, ...deed } = circumstances.random.pick(makers)(circumstances)
  return { name: `${circumstances.number} ${kind}`, ...deed }
}

const refer = (tag: string) => `geo:${tag}`
const mayBeGone = (model: Model, tag: string): ErrorCode[] => (model.places(tag).has('none') ? ['not-found'] : [])

function toldOf({ tag, previous }: TagResult): Told {
  return { tag: tag.name, place: tag.digest, moved: previous !== tag.digest }
}

function push({ stage, model, random, number }: Circumstances): ReturnType<Maker> {
  const { path, digest } = random.pick(stage.sources)
  const tags = random.chance(0.3) ? [random.pick(VERSIONS), random.pick(CHANNELS)] : [random.pick(CHANNELS)]
  const isTaken = (tag: string) => isVersionTag(tag as TagName) && ![digest, 'none'].includes(model.written(tag))
  const mayFail: ErrorCode[] = tags.some((tag) => model.isUnclear(tag) || isTaken(tag)) ? ['conflict'] : []
  if (tags.length > 1) mayFail.push('partial')
  return {
    kind: 'push',
    tags,
    wanted: [digest],
    mayFail,
    async perform(client, options) {
      const [pushed] = await client.push(path, tags.map(refer), { ...options, message: `${number} push` })
      assert.equal(pushed!.digest, digest)
      return pushed!.tags.map(toldOf)
    },
  }
}

function tag({ model, random, number }: Circumstances): ReturnType<Maker> {
  const [from, to] = [random.pick(TAGS), random.pick(CHANNELS)]
  const isKnown = !model.isUnclear(to)
  const [expected] = isKnown && random.chance(0.5) ? [...model.places(to)] : []
  return {
    kind: 'tag',
    tags: [to],
    wanted: [...model.places(from)],
    mayFail: [...mayBeGone(model, from), ...(isKnown ? [] : (['conflict'] as const))],
    async perform(client, options) {
      const reason = `${number} tag`
      const result = await client.tag(refer(from), refer(to), { ...options, reason, expected })
      assert.ok(model.places(from).has(result.tag.digest), `${to} was moved to ${result.tag.digest}`)
      return [toldOf(result)]
    },
  }
}

function rollback({ model, random, number }: Circumstances): ReturnType<Maker> {
  const channel = random.pick(CHANNELS)
  return {
    kind: 'rollback',
    tags: [channel],
    wanted: [...model.past(channel)],
    mayFail: [...mayBeGone(model, channel), 'conflict'], // also when it pointed nowhere before
    async perform(client, options) {
      return [toldOf(await client.rollBack(refer(channel), { ...options, reason: `${number} rollback` }))]
    },
  }
}

function remove({ model, random, number }: Circumstances): ReturnType<Maker> {
  const channel = random.pick(CHANNELS)
  return {
    kind: 'rm',
    tags: [channel],
    wanted: ['none'],
    mayFail: mayBeGone(model, channel),
    async perform(client, options) {
      await client.deleteTag(refer(channel), { ...options, reason: `${number} rm` })
      return [{ tag: channel, place: 'none', moved: true }]
    },
  }
}

/** A deed that moves nothing. */
function look(kind: string, mayFail: ErrorCode[], perform: (...args: Parameters<Deed['perform']>) => Promise<void>) {
  return {
    kind,
    tags: [],
    wanted: [],
    mayFail,
    perform: async (client: Client, options: CallOptions) => {
      await perform(client, options)
      return []
    },
  }
}

/** What is in the folder is looked at after each deed. */
function pull({ model, random, target }: Circumstances): ReturnType<Maker> {
  const channel = random.pick(CHANNELS)
  return look(`pull ${channel}`, mayBeGone(model, channel), async (client, options) => {
    const [pulled] = await client.pull(target, [refer(channel)], options)
    assert.ok(model.places(channel).has(pulled!.digest), `${pulled!.digest} was pulled as ${channel}`)
  })
}

function verify({ target }: Circumstances): ReturnType<Maker> {
  return look('verify', ['not-found'], async () => {
    const { ok, versions } = await verifyFolder(target)
    assert.ok(ok, JSON.stringify(versions))
  })
}

function read({ stage, model, random }: Circumstances): ReturnType<Maker> {
  const name = random.pick(TAGS)
  return look(`read ${name}`, mayBeGone(model, name), async (client, options) => {
    const snapshot = await client.open(refer(name), options)
    assert.ok(model.places(name).has(snapshot.digest), `${snapshot.digest} was opened as ${name}`)
    const { tree } = stage.byDigest.get(snapshot.digest) as Source
    const [path, node] = random.pick(Object.entries(tree))
    if (node.kind !== 'file') return
    const [offset, length] = [random.int(0, node.bytes.length), random.int(1, node.bytes.length)]
    const bytes = await snapshot.file(path).read(offset, length, options)
    assert.ok(Buffer.from(bytes).equals(node.bytes.subarray(offset, offset + length)), `${path} has other bytes`)
  })
}

function list({ model }: Circumstances): ReturnType<Maker> {
  // Where lists may be stale, one may not know of the dataset yet.
  return look('ls', ['not-found'], async (client, options) => {
    for await (const { name, digest } of client.tags('geo', options)) {
      assert.ok(model.places(name).has(digest), `${name} is listed at ${digest}`)
    }
  })
}

function readLog({ random }: Circumstances): ReturnType<Maker> {
  const name = random.pick(TAGS)
  return look(`log ${name}`, [], async (client, options) => {
    const entries = await Array.fromAsync(client.log(refer(name), options))
    entries.forEach((entry, i) => void assert.equal(entry.from, entries[i + 1]?.to, `the log of ${name}`))
    await Array.fromAsync(client.log('geo', options))
  })
}
