// What a hub over a folder is asked to do while it is disturbed: tags are pushed, moved, rolled back and removed. And what has
// to be in its store meanwhile and in the end.
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { Connection } from '../../../src/client/connection.ts'
import { connect, type ErrorCode } from '../../../src/client/index.ts'
import { createHttpConnection } from '../../../src/client/transport/http-connection.ts'
import { type BlockId, sha256Hex } from '../../../src/core/id.ts'
import { parseDatasetName, parseTagName } from '../../../src/core/names.ts'
import { buildSnapshot } from '../../../src/hub/snapshot.fixture.ts'
import { createFolderStorage } from '../../../src/storage/folder.ts'
import { keys } from '../../../src/storage/keys.ts'
import type { Storage } from '../../../src/storage/storage.ts'
import { codeOf } from '../../testing/codes.fixture.ts'
import { startHub, type TestHub } from '../../testing/hub.fixture.ts'
import { randomBytesOf } from '../../testing/random.fixture.ts'
import { checkTagsComplete, listStore, storedTags } from '../../testing/stored.fixture.ts'

const GEO = parseDatasetName('geo')
const FILES = {
  one: { 'a.txt': 'one', 'same.bin': randomBytesOf(300 * 1024, 'same') },
  two: { 'a.txt': 'two', 'same.bin': randomBytesOf(300 * 1024, 'same'), 'b.bin': randomBytesOf(200 * 1024, 'two') },
}
const VERSIONS = { one: await buildSnapshot(FILES.one), two: await buildSnapshot(FILES.two) }
type Version = keyof typeof VERSIONS

/** Tags, each with the version that it points to. */
type Tags = Record<string, Version>

interface Deed {
  do(hub: Connection): Promise<unknown>
  /** All tags, once it is done. */
  after: Tags
  /** What it ends with when it was done before. @default it succeeds, and changes nothing */
  again?: ErrorCode
}

const tag = parseTagName
const DEEDS: Deed[] = [
  { do: (hub) => push(hub, 'one', 'live', 'v1'), after: { live: 'one', v1: 'one' } },
  { do: (hub) => push(hub, 'two', 'live', 'v2'), after: { live: 'two', v1: 'one', v2: 'two' } },
  { do: (hub) => move(hub, 'old', 'one'), after: { live: 'two', old: 'one', v1: 'one', v2: 'two' } },
  {
    do: (hub) => hub.rollBackTag(GEO, tag('live')),
    after: { live: 'one', old: 'one', v1: 'one', v2: 'two' },
    again: 'conflict',
  },
  { do: (hub) => move(hub, 'live', 'two'), after: { live: 'two', old: 'one', v1: 'one', v2: 'two' } },
  {
    do: (hub) => hub.deleteTag(GEO, tag('old')),
    after: { live: 'two', v1: 'one', v2: 'two' },
    again: 'not-found',
  },
]
/** What the log has in the end, sorted: nothing is missing, and nothing is there twice. */
const LOG = ['delete old', 'push live', 'push live', 'push v1', 'push v2', 'rollback live', 'tag live', 'tag old']
/** The moves of one tag, newest first. Those of several tags may be of the same millisecond. */
const LOG_OF_LIVE = ['tag', 'rollback', 'push', 'push']

/** What a client's push comes to at the hub. */
async function push(hub: Connection, version: Version, ...tags: string[]): Promise<void> {
  const { blocks, bytes } = VERSIONS[version]
  const receipts: string[] = []
  for (const { info, bytes } of blocks) receipts.push(await hub.uploadBlock(GEO, info.id, bytes))
  const moves = tags.map((name) => ({ tag: tag(name), expected: undefined }))
  await hub.publish({ dataset: GEO, record: bytes, receipts, bases: [], tags: moves, reason: '' })
}

function move(hub: Connection, name: string, version: Version): Promise<unknown> {
  return hub.moveTag(GEO, tag(name), VERSIONS[version].record.digest)
}

export interface HubWork {
  /** Whether all is done. */
  isDone(): boolean
  /** Does what is left to do at a hub, until something fails; answers how that ended. */
  doRest(host: string): Promise<ErrorCode | 'done'>
  /** Does what is left to do, after something has failed; this time nothing does. */
  goOn(host: string): Promise<void>
  /** Looks at the store: it is between what was answered last and what was being done. */
  inspect(): Promise<void>
  /** Starts a hub on the store, does the rest, and looks whether all is as if nothing had happened. */
  finish(): Promise<void>
}

export function createHubWork(home: string, store: string): HubWork {
  /** Deeds that were answered. */
  let done = 0
  /** Blocks for which there was a receipt. */
  const received = new Set<BlockId>()

  /** A connection that notes receipts. */
  function connectTo(host: string): Connection {
    const hub = createHttpConnection(host, { retryFor: 0 })
    const uploadBlock: Connection['uploadBlock'] = async (dataset, id, bytes) => {
      const receipt = await hub.uploadBlock(dataset, id, bytes)
      received.add(id)
      return receipt
    }
    return { ...hub, uploadBlock }
  }

  async function doRest(host: string): Promise<ErrorCode | 'done'> {
    const hub = connectTo(host)
    let code: ErrorCode | 'done' = 'done'
    for (; done < DEEDS.length; done++) {
      code = await codeOf(DEEDS[done]!.do(hub))
      if (code !== 'done') break
    }
    hub.close()
    return code
  }

  async function inspect(): Promise<void> {
    if (done === 0 && !existsSync(store)) return
    const storage = await createFolderStorage(store, { readOnly: true })
    await checkTagsComplete(storage)
    await checkBlocks(storage)
    for (const id of received) assert.ok(await storage.head(keys.block(id)), `the block ${id} has a receipt`)
    const [before, after, now] = [tagsAfter(done), tagsAfter(done + 1), await readTags(storage)]
    for (const name of Object.keys({ ...before, ...after, ...now }))
      assert.ok([before[name], after[name]].includes(now[name]), `${name} points to ${now[name]} after ${done} deeds`)
  }

  async function finish(): Promise<void> {
    const storage = await createFolderStorage(store)
    await using hub = await startHub({ storage })
    await goOn(hub.host)
    assert.deepEqual(await readTags(storage), tagsAfter(DEEDS.length))
    await checkAnswers(hub, `${home}/cache`)
    assert.deepEqual(readdirSync(`${store}/.tmp`), [])
    const entries = await listStore(storage, 'datasets/geo/log/')
    assert.ok(entries.length <= LOG.length + 1, `${entries.length} log entries`)
  }

  /** The deed that was not answered may have been done all the same. */
  async function goOn(host: string): Promise<void> {
    if (done === DEEDS.length) return
    const { after, again = 'done' } = DEEDS[done]!
    const wasDone = isDeepStrictEqual(await readTags(await createFolderStorage(store, { readOnly: true })), after)
    const expected = wasDone ? again : 'done'
    assert.equal(await doRest(host), expected)
    if (expected === 'done') return
    done++
    assert.equal(await doRest(host), 'done')
  }

  return { isDone: () => done === DEEDS.length, doRest, goOn, inspect, finish }
}

function tagsAfter(deeds: number): Tags {
  return deeds === 0 ? {} : DEEDS[Math.min(deeds, DEEDS.length) - 1]!.after
}

async function readTags(storage: Storage): Promise<Tags> {
  const tags: Tags = {}
  for (const [name, digest] of await storedTags(storage))
    tags[name.replace('geo:', '')] = digest === VERSIONS.one.record.digest ? 'one' : 'two'
  return tags
}

/** Each is what its name says. */
async function checkBlocks(storage: Storage): Promise<void> {
  for (const line of await listStore(storage, 'blocks/')) {
    const [key = ''] = line.split(' ')
    assert.equal(sha256Hex((await storage.get(key)).bytes), key.slice(key.lastIndexOf('/') + 1))
  }
}

/** What anybody reads of the hub in the end. */
async function checkAnswers({ host }: TestHub, cacheFolder: string): Promise<void> {
  const client = connect({ host, cacheFolder })
  const [log, logOfLive] = await Promise.all(['geo', 'geo:live'].map((name) => Array.fromAsync(client.log(name))))
  assert.deepEqual(log!.map(({ action, tag }) => `${action} ${tag}`).sort(), LOG)
  assert.deepEqual(
    logOfLive!.map(({ action }) => action),
    LOG_OF_LIVE,
  )
  for (const [name, files] of [
    ['v1', FILES.one],
    ['v2', FILES.two],
  ] as const) {
    const snapshot = await client.open(`geo:${name}`)
    assert.deepEqual(snapshot.entries.map(({ path }) => path).sort(), Object.keys(files).sort())
    for (const [path, bytes] of Object.entries(files))
      assert.ok(Buffer.concat(await Array.fromAsync(snapshot.file(path).stream())).equals(Buffer.from(bytes)), path)
  }
  client.close()
}
