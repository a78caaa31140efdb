// Two who push and one who pulls, over two hubs and one store, in whatever order their steps fall: promises 1 to 4 hold
// each time somebody looks.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AetherError, type Client, connect, type Digest, type LogEntry } from '../src/client/index.ts'
import { isVersionTag, parseTagName } from '../src/core/names.ts'
import { createMemoryStorage } from '../src/storage/memory.ts'
import type { Storage } from '../src/storage/storage.ts'
import { startHub } from './testing/hub.fixture.ts'
import { createRandom, newSeed, type Random, randomBytesOf } from './testing/random.fixture.ts'
import { skipAhead } from './testing/skip-ahead.fixture.ts'
import { checkTagsComplete, storedTags } from './testing/stored.fixture.ts'
import { type TemporaryFolder, temporaryFolder } from './testing/temporary-folder.fixture.ts'
import { times } from './testing/thorough.fixture.ts'
import { file, treeOf, writeTree } from './testing/tree.fixture.ts'
import { yieldingStorage } from './testing/wrapped-storage.fixture.ts'

const SOURCES = ['one', 'two', 'three', 'four']
const CHANNELS = ['live', 'stable']
const VERSIONS = ['v1', 'v2']
const ACTIONS = ['push', 'push', 'push', 'tag', 'tag', 'rollback', 'delete'] as const
/** That each of those who push tries. */
const DEEDS = times(30, 15)

/** What somebody tried, and how it ended. Its name is the reason that the log has for it. */
interface Deed {
  name: string
  tags: string[]
  outcome: 'done' | 'conflict' | 'not-found' | 'partial'
  /** Tags that it says it moved. */
  moved: string[]
}

interface Stage {
  folder: TemporaryFolder
  /** Lines of each tree, by its digest. */
  trees: Map<Digest, string[]>
}

describe('two who push and one who pulls', () => {
  it('find promises 1 to 4 kept each time they look', async (t) => {
    skipAhead(t)
    const seed = newSeed()
    console.log(`seed ${seed}`)
    await using opened = new AsyncDisposableStack()
    const folder = opened.use(await temporaryFolder())
    const memory = createMemoryStorage()
    const stage: Stage = { folder, trees: await prepare(memory, folder) }
    const slow = yieldingStorage(memory, createRandom(seed))
    const hubs = [opened.use(await startHub({ storage: slow })), opened.use(await startHub({ storage: slow }))]
    const clients = [0, 1, 0].map((hub, i) => connect({ host: hubs[hub]!.host, cacheFolder: folder.at(`cache-${i}`) }))
    opened.defer(async () => clients.forEach((client) => void client.close()))
    const watch = createWatch(memory)

    let working = true
    const deeds = Promise.all([0, 1].map((i) => act(clients[i]!, createRandom(seed + 1 + i), `actor-${i}`, folder)))
    const watching = Promise.all([
      deeds.finally(() => (working = false)),
      repeat(() => working, watch),
      repeat(
        () => working,
        () => pull(clients[2]!, stage),
      ),
    ])
    await watching
    await watch()
    for (const tag of [...CHANNELS, ...VERSIONS]) await checkChain(clients[0]!, memory, tag)
    await checkDeeds(clients[0]!, (await deeds).flat())
  })
})

async function repeat(goesOn: () => boolean, action: () => Promise<void>): Promise<void> {
  while (goesOn()) {
    await action()
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Pushes every source once under a tag that nobody touches, so that there is something to move tags to. */
async function prepare(storage: Storage, folder: TemporaryFolder): Promise<Map<Digest, string[]>> {
  const trees = new Map<Digest, string[]>()
  await using hub = await startHub({ storage })
  const client = connect({ host: hub.host, cacheFolder: folder.at('cache-of-nobody') })
  for (const name of SOURCES) {
    const large = file(randomBytesOf(150_000, name.length)) // some have the same
    await writeTree(folder.at(name), { 'name.txt': file(name), [`${name}/large.bin`]: large })
    const [pushed] = await client.push(folder.at(name), [`geo:only-${name}`])
    trees.set(pushed!.digest, await treeOf(folder.at(name)))
  }
  client.close()
  return trees
}

async function act(client: Client, random: Random, who: string, folder: TemporaryFolder): Promise<Deed[]> {
  const deeds: Deed[] = []
  for (let i = 0; i < DEEDS; i++) {
    const action = random.pick(ACTIONS)
    const tags = chooseTags(random, action)
    const deed: Deed = { name: `${who} ${i} ${action}`, tags, outcome: 'done', moved: [] }
    deeds.push(deed)
    try {
      deed.moved = await perform(client, random, action, deed, folder)
    } catch (error) {
      if (!(error instanceof AetherError)) throw error
      assert.ok(['conflict', 'not-found', 'partial'].includes(error.code), `${deed.name}: ${error.stack}`)
      deed.outcome = error.code as Deed['outcome']
    }
  }
  return deeds
}

function chooseTags(random: Random, action: (typeof ACTIONS)[number]): string[] {
  const channel = random.pick(CHANNELS)
  if (action !== 'push') return [action === 'tag' && random.chance(0.3) ? random.pick(VERSIONS) : channel]
  return random.chance(0.4) ? [random.pick(VERSIONS), channel] : [channel]
}

/** Answers the tags that were moved. */
async function perform(
  client: Client,
  random: Random,
  action: (typeof ACTIONS)[number],
  { name, tags }: Deed,
  folder: TemporaryFolder,
): Promise<string[]> {
  const source = random.pick(SOURCES)
  const [reference = ''] = tags.map((tag) => `geo:${tag}`)
  if (action === 'push') {
    const references = tags.map((tag) => `geo:${tag}`)
    const [pushed] = await client.push(folder.at(source), references, { message: name })
    return pushed!.tags.filter(({ tag, previous }) => previous !== tag.digest).map(({ tag }) => tag.name)
  }
  if (action === 'delete') {
    await client.deleteTag(reference, { reason: name })
    return tags
  }
  if (action === 'rollback') {
    const { tag, previous } = await client.rollBack(reference, { reason: name })
    return previous === tag.digest ? [] : tags // somebody else has just moved it there
  }
  const expected = random.chance(0.7) ? await presentDigest(client, reference) : undefined
  const { tag, previous } = await client.tag(`geo:only-${source}`, reference, { reason: name, expected })
  return previous === tag.digest ? [] : tags
}

async function presentDigest(client: Client, reference: string): Promise<Digest | 'none'> {
  try {
    return (await client.resolve(reference)).digest
  } catch (error) {
    if (error instanceof AetherError && error.code === 'not-found') return 'none'
    throw error
  }
}

/** Promises 1 and 2 in the store, and that versions never change. */
function createWatch(storage: Storage): () => Promise<void> {
  const versions = new Map<string, Digest>()
  return async () => {
    await checkTagsComplete(storage)
    for (const [name, digest] of await storedTags(storage)) {
      if (!isVersionTag(parseTagName(name.slice(4)))) continue
      assert.equal(versions.get(name) ?? digest, digest, `${name} changed`)
      versions.set(name, digest)
    }
  }
}

/** Promises 3 and 4: what is pulled is exactly what was pushed under the digest that the tag pointed to. */
async function pull(client: Client, { folder, trees }: Stage): Promise<void> {
  try {
    const [pulled] = await client.pull(folder.at('target'), ['geo:live'])
    assert.deepEqual(await treeOf(pulled!.path), trees.get(pulled!.digest))
  } catch (error) {
    if (!(error instanceof AetherError && error.code === 'not-found')) throw error // it may have been removed
  }
}

/** Every move begins where the one before ended, and the last one ended where the tag points. */
async function checkChain(client: Client, storage: Storage, tag: string): Promise<void> {
  const log = await logOf(client, tag)
  assert.equal(log[0]?.to, (await storedTags(storage)).get(`geo:${tag}`), `the end of the log of ${tag}`)
  log.forEach((entry, i) => {
    assert.equal(entry.from, log[i + 1]?.to, `a link of the chain of ${tag}: ${entry.reason}`)
    assert.ok(i === 0 || log[i - 1]!.whenMicros > entry.whenMicros, 'times of the log only grow')
  })
}

async function logOf(client: Client, tag: string): Promise<LogEntry[]> {
  return Array.fromAsync(client.log(`geo:${tag}`))
}

/** Who was told that a tag moved moved it, once; who was told that it did not move it did not. */
async function checkDeeds(client: Client, deeds: Deed[]): Promise<void> {
  const logs = (await Promise.all([...CHANNELS, ...VERSIONS].map((tag) => logOf(client, tag)))).flat()
  for (const { name, tags, outcome, moved } of deeds) {
    const found = logs.filter(({ reason }) => reason === name).map(({ tag }) => tag as string)
    if (outcome === 'partial') assert.ok(found.length > 0 && found.length < tags.length, name)
    else assert.deepEqual(found.toSorted(), moved.toSorted(), `${name}: ${outcome}`)
  }
  const done = deeds.filter(({ moved }) => moved.length > 0).length
  const lost = deeds.filter(({ outcome }) => outcome === 'conflict').length
  assert.ok(
    done > DEEDS / 3 && lost > 0,
    `${done} deeds moved a tag and ${lost} met a conflict: too few to tell anything`,
  )
}
