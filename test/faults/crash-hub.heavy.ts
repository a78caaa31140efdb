// A hub over a folder that is killed before, in and after its calls of the store and of the file system, while tags are
// pushed, moved, rolled back and removed. What was answered holds, tags point to whole snapshots, and a hub that is started on
// the same folder brings the rest to its end.
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { describe, it } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import type { Connection } from '../../src/client/connection.ts'
import { connect, type ErrorCode } from '../../src/client/index.ts'
import { createHttpConnection } from '../../src/client/transport/http-connection.ts'
import { sha256Hex } from '../../src/core/id.ts'
import { parseDatasetName, parseTagName } from '../../src/core/names.ts'
import { buildSnapshot } from '../../src/hub/snapshot.fixture.ts'
import { createFolderStorage } from '../../src/storage/folder.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { codeOf } from '../testing/codes.fixture.ts'
import { startHub, type TestHub } from '../testing/hub.fixture.ts'
import { type Outcome, startProgram } from '../testing/program.fixture.ts'
import { createRandom, randomBytesOf } from '../testing/random.fixture.ts'
import { type StepPlan, stepEnv } from '../testing/steps/step-plan.fixture.ts'
import { checkTagsComplete, listStore, storedTags } from '../testing/stored.fixture.ts'
import { temporaryFolder } from '../testing/temporary-folder.fixture.ts'
import { until } from '../testing/until.fixture.ts'
import { type Attempt, attemptAll } from './steps/attempts.fixture.ts'
import { makeHome, workInMemory } from './steps/home.fixture.ts'
import { createKills } from './steps/kills.fixture.ts'

workInMemory()

const HUB = new URL('../testing/steps/stepped-hub.fixture.ts', import.meta.url).pathname
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
/** What the log has in the end, newest first: nothing is missing, and nothing is there twice. */
const LOG = ['delete old', 'tag live', 'rollback live', 'tag old', 'push live', 'push v2', 'push live', 'push v1']

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

describe('a hub that is killed', () => {
  it('holds what it answered, and goes on', async () => {
    await using folder = await temporaryFolder()
    const random = createRandom()
    console.log(`seed ${random.seed}`)
    await attemptAll(async (name) => attemptHub(folder.at(name)), random, createKills())
  })
})

function attemptHub(home: string): Attempt {
  const store = `${home}/store`
  /** Deeds that were answered. */
  let done = 0
  makeHome(home)

  /** Does what is left to do, until something fails; answers how that ended. */
  async function doRest(host: string): Promise<string> {
    const hub = createHttpConnection(host, { retryFor: 0 })
    let code = 'done'
    for (; done < DEEDS.length; done++) {
      code = await codeOf(DEEDS[done]!.do(hub))
      if (code !== 'done') break
    }
    hub.close()
    return code
  }

  async function run(plan: StepPlan): Promise<Outcome> {
    const hub = startProgram([store], { home, main: HUB, env: stepEnv({ store }, plan) })
    let ended = false
    void hub.outcome.then(() => (ended = true))
    await until(() => ended || hub.stdout().includes('\n'), 'the hub')
    if (!ended && (await doRest(hub.stdout().trim().replace('http://', ''))) === 'done') hub.process.kill('SIGTERM')
    const outcome = await hub.outcome
    return outcome.signal === 'SIGTERM' ? { ...outcome, exit: 0 } : outcome
  }

  /** Between what was answered last and what was being done. */
  async function inspect({ exit, signal, stderr }: Outcome): Promise<void> {
    assert.ok(exit === 0 || signal === 'SIGKILL', stderr)
    if (done === 0 && !existsSync(store)) return
    const storage = await createFolderStorage(store, { readOnly: true })
    await checkTagsComplete(storage)
    await checkBlocks(storage)
    const [before, after, now] = [tagsAfter(done), tagsAfter(done + 1), await readTags(storage)]
    for (const name of Object.keys({ ...before, ...after, ...now }))
      assert.ok([before[name], after[name]].includes(now[name]), `${name} points to ${now[name]} after ${done} deeds`)
  }

  async function repeat(): Promise<void> {
    const storage = await createFolderStorage(store)
    await using hub = await startHub({ storage })
    if (done < DEEDS.length) await goOn(hub, storage)
    assert.deepEqual(await readTags(storage), tagsAfter(DEEDS.length))
    await checkAnswers(hub, `${home}/cache`)
    assert.deepEqual(readdirSync(`${store}/.tmp`), [])
    const entries = await listStore(storage, 'datasets/geo/log/')
    assert.ok(entries.length <= LOG.length + 1, `${entries.length} log entries`)
  }

  /** The deed that was not answered may have been done all the same. */
  async function goOn({ host }: TestHub, storage: Storage): Promise<void> {
    const { after, again = 'done' } = DEEDS[done]!
    const wasDone = isDeepStrictEqual(await readTags(storage), after)
    const code = await doRest(host)
    if (!wasDone || again === 'done') return assert.equal(code, 'done')
    assert.equal(code, again)
    done++
    assert.equal(await doRest(host), 'done')
  }

  return { run, inspect, repeat, [Symbol.asyncDispose]: async () => {} }
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
  assert.deepEqual(
    (await Array.fromAsync(client.log('geo'))).map(({ action, tag }) => `${action} ${tag}`),
    LOG,
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
