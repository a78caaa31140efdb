// The promises of the README, each where a user would see it broken. Promise 1 to 4; the others come with what they are about.
import assert from 'node:assert/strict'
import { readFile, realpath, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { type Client, connect, type Digest } from '../src/client/index.ts'
import { decodeRecord, encodeRecord } from '../src/core/record.ts'
import { buildSnapshot } from '../src/hub/snapshot.fixture.ts'
import { createFolderStorage } from '../src/storage/folder.ts'
import { keys } from '../src/storage/keys.ts'
import { createMemoryStorage } from '../src/storage/memory.ts'
import type { Storage } from '../src/storage/storage.ts'
import { codeOf, fails } from './testing/codes.fixture.ts'
import { forge } from './testing/forge.fixture.ts'
import { startHub } from './testing/hub.fixture.ts'
import { startHubProcess } from './testing/hub-process.fixture.ts'
import { meetingStorage } from './testing/meeting-storage.fixture.ts'
import { runProgram, startProgram } from './testing/program.fixture.ts'
import { createRandom, randomBytesOf } from './testing/random.fixture.ts'
import { checkTagsComplete, listStore, storedTags } from './testing/stored.fixture.ts'
import { temporaryFolder } from './testing/temporary-folder.fixture.ts'
import { someOf, stride, times } from './testing/thorough.fixture.ts'
import { file, type Tree, treeOf, writeTree } from './testing/tree.fixture.ts'
import { watchLink } from './testing/watch-link.fixture.ts'
import { openWorld, type TestWorld } from './testing/world.fixture.ts'
import { copyOf, dyingStorage, wrapStorage } from './testing/wrapped-storage.fixture.ts'

const KiB = 1024
const ONE: Tree = {
  'large.bin': file(randomBytesOf(1200 * KiB, 'large one')),
  'text.csv': file('id,name\n'.repeat(40_000)),
  'small.txt': file('one'),
  'bin/run': file('#!/bin/sh\n', true),
  empty: { kind: 'folder' },
  link: { kind: 'link', target: 'small.txt' },
}
const TWO: Tree = { ...ONE, 'small.txt': file('two'), 'more.bin': file(randomBytesOf(700 * KiB, 'more of two')) }
const THREE: Tree = { ...TWO, 'large.bin': file(randomBytesOf(1300 * KiB, 'large three')), 'bin/run': file('changed') }
const VERSIONS: Record<string, Tree> = { v1: ONE, v2: TWO, v3: THREE }

/** Pushes the versions above; answers the lines of each, by its tag. */
async function pushVersions(client: Client, at: TestWorld['at'], names = Object.keys(VERSIONS)) {
  const lines: Record<string, string[]> = {}
  for (const name of names) {
    await writeTree(at(name), VERSIONS[name]!)
    await client.push(at(name), [`geo:${name}`])
    lines[name] = await treeOf(at(name))
  }
  return lines
}

describe('promise 1: a push that succeeded is stored whole and readable back by digest', () => {
  it('also when the hub is killed as soon as it has said so', async () => {
    await using folder = await temporaryFolder()
    const options = { home: folder.path, store: folder.at('store') }
    await writeTree(folder.at('source'), ONE)
    let digest: Digest
    {
      await using hub = await startHubProcess(options)
      const client = connect({ host: hub.host, cacheFolder: folder.at('cache') })
      const [pushed] = await client.push(folder.at('source'), ['geo:v1'])
      await hub.kill()
      client.close()
      digest = pushed!.digest
    }
    await using hub = await startHub({ storage: await createFolderStorage(options.store) })
    const client = connect({ host: hub.host, cacheFolder: folder.at('other-cache') })
    const [pulled] = await client.pull(folder.at('target'), [`geo@sha256:${digest}`])
    client.close()
    assert.deepEqual(await treeOf(pulled!.path), await treeOf(folder.at('source')))
  })

  it('also when somebody pushed other bytes under the same digest before', async () => {
    await using world = await openWorld()
    const right = await buildSnapshot({ 'data.bin': randomBytesOf(300 * KiB, 'right') })
    const wrong = await buildSnapshot({ 'data.bin': randomBytesOf(300 * KiB, 'wrong') })
    const lie = { ...wrong.record, digest: right.record.digest, listing: right.record.listing }
    await forge(world.hub, 'geo', { ...wrong, bytes: encodeRecord(lie) }, 'poison')
    await writeTree(world.at('source'), { 'data.bin': file(randomBytesOf(300 * KiB, 'right')) })
    const [pushed] = await world.client.push(world.at('source'), ['geo:v1'])
    assert.equal(pushed!.digest, right.record.digest)
    const [pulled] = await world.newClient().pull(world.at('target'), [`geo@sha256:${pushed!.digest}`])
    assert.deepEqual(await treeOf(pulled!.path), await treeOf(world.at('source')))
  })
})

describe('promise 2: a tag never points to an incomplete snapshot, and its moves are atomic and conditional', () => {
  it('whichever write the store goes away at, and whether or not it did that one', async () => {
    await using world = await openWorld()
    await pushVersions(world.client, world.at, ['v1'])
    await writeTree(world.at('next'), TWO)
    for (const how of ['before', 'after'] as const) {
      let code = 'unavailable'
      for (let writes = stride(3) - 1; code !== 'done'; writes += stride(3)) {
        const memory = await copyOf(world.hub.storage)
        const faults: unknown[] = []
        const dying = dyingStorage(watched(memory, faults), ['put', 'delete'])
        await using attempt = await openWorld({ storage: dying.storage, retryForMs: 0 })
        dying.dieAfter(writes, how)
        code = await codeOf(attempt.client.push(world.at('next'), ['geo:next', 'geo:v2']))
        assert.ok(['unavailable', 'partial', 'done'].includes(code), code)
        dying.revive()
        const [again] = await attempt.client.push(world.at('next'), ['geo:next', 'geo:v2'])
        assert.deepEqual(faults, [])
        const tags = await storedTags(memory)
        assert.deepEqual([tags.get('geo:next'), tags.get('geo:v2')], [again!.digest, again!.digest])
        assert.ok(writes < 50, 'the push never succeeds')
      }
    }
  })

  it('of all who move a tag from the same place exactly one succeeds', async () => {
    const memory = createMemoryStorage()
    await using one = await openWorld({ storage: meetingStorage(memory, '/tags/stable', 4) })
    await using two = await startHub({ storage: one.hub.storage })
    const names = ['a', 'b', 'c', 'd', 'e']
    for (const name of names) {
      await writeTree(one.at(name), { name: file(name) })
      await one.client.push(one.at(name), [`geo:${name}`])
    }
    await one.client.tag('geo:e', 'geo:stable')
    const from = (await one.client.resolve('geo:stable')).digest
    const other = connect({ host: two.host, cacheFolder: one.at('other-cache') })
    const move = (client: Client, to: string) => codeOf(client.tag(to, 'geo:stable', { expected: from }))
    const moves = names.slice(0, 4).map((name, i) => move(i < 2 ? one.client : other, `geo:${name}`))
    assert.deepEqual((await Promise.all(moves)).sort(), ['conflict', 'conflict', 'conflict', 'done'])
    const log = await Array.fromAsync(one.client.log('geo:stable'))
    assert.deepEqual([log.length, log[0]!.from, log[0]!.to], [2, from, (await storedTags(memory)).get('geo:stable')])
    other.close()
  })

  it('a push onto a tag that moved meanwhile leaves it where it is', async () => {
    const memory = createMemoryStorage()
    await using world = await openWorld({ storage: memory })
    await pushVersions(world.client, world.at)
    await world.client.tag('geo:v1', 'geo:stable')
    await writeTree(world.at('mine'), { ...ONE, mine: file('mine') })
    const pushing = world.client.push(world.at('mine'), ['geo:stable'], {
      onProgress: ({ phase }) => phase === 'upload' && stealOnce(),
    })
    let stolen: Promise<unknown> | undefined
    const stealOnce = () => (stolen ??= world.client.tag('geo:v2', 'geo:stable'))
    const code = await codeOf(pushing)
    await stolen
    const { digest } = await world.client.resolve('geo:v2')
    // Either the push was first and the other one moved the tag on, or it was too late and says so.
    if (code !== 'conflict') assert.equal(code, 'done')
    assert.equal((await storedTags(memory)).get('geo:stable'), digest)
  })
})

/** After each write the whole store is looked at. */
function watched(storage: Storage, faults: unknown[]) {
  return wrapStorage(storage, async (call, _key, perform) => {
    const answer = await perform()
    if (call === 'put' || call === 'delete') await checkTagsComplete(storage).catch((fault) => faults.push(fault))
    return answer
  })
}

describe('promise 3: no byte is delivered that was not checked', () => {
  it('by a pull, whatever bit of the store is flipped: the folder stays at the old version', async () => {
    await using world = await openDamagedWorld()
    const { lines } = world
    for (const damage of someOf(await world.damages(), 3)) {
      const target = world.at(`target ${damage.name}`)
      await world.client.tag('geo:v1', 'geo:live')
      const [live] = await world.client.pull(target, ['geo:live'])
      await world.client.tag('geo:v3', 'geo:live')
      await damage.do()
      await using hub = await startHub({ storage: await createFolderStorage(world.store) })
      const client = connect({ host: hub.host, cacheFolder: world.at(`cache ${damage.name}`) })
      const code = await codeOf(client.pull(target, ['geo:live']))
      assert.equal(code, 'integrity', damage.name)
      assert.deepEqual(await treeOf(live!.path), lines.v1, damage.name)
      client.close()
      await damage.undo()
      await world.client.pull(target, ['geo:live'])
      assert.deepEqual(await treeOf(live!.path), lines.v3, damage.name)
    }
  })

  it('by open() and read(), whatever bit of the store is flipped', async () => {
    await using world = await openDamagedWorld()
    for (const damage of someOf(await world.damages(), 3)) {
      await damage.do()
      await using hub = await startHub({ storage: await createFolderStorage(world.store) })
      const client = connect({ host: hub.host, cacheFolder: world.at(`cache ${damage.name}`) })
      assert.equal(await codeOf(readEverything(client, 'geo:v3', THREE)), 'integrity', damage.name)
      client.close()
      await damage.undo()
    }
    await readEverything(world.client, 'geo:v3', THREE)
  })

  it('by HTTP, as a whole block: an error and not one byte of it', async () => {
    await using world = await openDamagedWorld()
    const { digest } = await world.client.resolve('geo:v3')
    for (const damage of await world.damages()) {
      if (damage.block === undefined) continue
      await damage.do()
      await using hub = await startHub({ storage: await createFolderStorage(world.store) })
      const address = `${hub.url}/api/v2/datasets/geo/snapshots/sha256:${digest}/blocks/${damage.block}`
      const answer = await fetch(address)
      const text = await answer.text()
      assert.deepEqual([answer.status >= 500, JSON.parse(text).errors[0].code], [true, 'integrity'], text)
      await damage.undo()
    }
  })

  it('when the hub gives the record of another snapshot', async () => {
    const memory = createMemoryStorage()
    await using world = await openWorld({ storage: memory })
    const lines = await pushVersions(world.client, world.at)
    const recordOf = async (tag: string) => `datasets/geo/snapshots/${(await storedTags(memory)).get(`geo:${tag}`)}`
    await memory.put(await recordOf('v3'), (await memory.get(await recordOf('v2'))).bytes)
    await using liar = await startHub({ storage: memory })
    const client = connect({ host: liar.host, cacheFolder: world.at('cache-of-the-deceived') })
    const [pulled] = await client.pull(world.at('target'), ['geo:v1'])
    await assert.rejects(client.pull(world.at('target'), ['geo:v3']), fails('integrity'))
    await assert.rejects(client.open('geo:v3'), fails('integrity'))
    assert.deepEqual(await treeOf(pulled!.path), lines.v1)
    client.close()
  })

  it('when the hub gives another block, sound in itself and as long', async () => {
    const memory = createMemoryStorage()
    await using world = await openWorld({ storage: memory })
    const [right, wrong] = await Promise.all(
      ['right', 'wrong'].map((seed) => buildSnapshot({ 'data.bin': randomBytesOf(30 * KiB, seed) })),
    )
    await forge(world.hub, 'geo', right!, 'v1')
    const [rightBlock, wrongBlock] = [right!.blocks[0]!, wrong!.blocks[0]!]
    assert.equal(rightBlock.info.size, wrongBlock.info.size)
    await memory.put(keys.block(rightBlock.info.id), wrongBlock.bytes)
    await using liar = await startHub({ storage: memory })
    const client = connect({ host: liar.host, cacheFolder: world.at('cache-of-the-deceived') })
    const snapshot = await client.open('geo:v1')
    await assert.rejects(snapshot.file('data.bin').read(0, 10), fails('integrity'))
    await assert.rejects(client.pull(world.at('target'), ['geo:v1']), fails('integrity'))
    client.close()
  })
})

interface Damage {
  name: string
  /** Set when it is a block. */
  block: string | undefined
  do(): Promise<void>
  undo(): Promise<void>
}

/** A hub over a folder with three versions, and ways to damage what the third is made of. */
async function openDamagedWorld() {
  const folder = await temporaryFolder()
  const store = folder.at('store')
  const world = await openWorld({ storage: await createFolderStorage(store) })
  const lines = await pushVersions(world.client, world.at)

  /** Some bits of every object that belongs to the third version alone. */
  async function damages(): Promise<Damage[]> {
    const { digest } = await world.client.resolve('geo:v3')
    const record = (await listStore(world.hub.storage, `datasets/geo/snapshots/${digest}`)).map(keyOf)
    const before = new Set((await blocksOf(world, 'v1')).concat(await blocksOf(world, 'v2')))
    const own = (await blocksOf(world, 'v3')).filter((id) => !before.has(id))
    assert.deepEqual([record.length, own.length], [1, 1])
    const block = `blocks/${own[0]!.slice(0, 2)}/${own[0]}`
    const size = (await readFile(join(store, block))).length
    const places = [0, 100, size >> 1, size - 700, size - 40, size - 16, size - 12, size - 1]
    return [
      ...places.map((place) => flip(join(store, block), place, own[0])),
      flip(join(store, record[0]!), 0, undefined),
      flip(join(store, record[0]!), 4, undefined),
      flip(join(store, record[0]!), 7, undefined),
    ]
  }

  const close = async () => {
    await world[Symbol.asyncDispose]()
    await folder[Symbol.asyncDispose]()
  }
  return { ...world, store, lines, damages, [Symbol.asyncDispose]: close }
}

function keyOf(line: string): string {
  return line.split(' ')[0]!
}

async function blocksOf({ client }: TestWorld, tag: string): Promise<string[]> {
  const { digest, host } = await client.resolve(`geo:${tag}`)
  const answer = await fetch(`http://${host}/api/v2/datasets/geo/snapshots/sha256:${digest}/record`)
  return decodeRecord(Buffer.from(await answer.arrayBuffer())).blocks.map(({ id }) => id)
}

function flip(path: string, place: number, block: string | undefined): Damage {
  const turn = async () => {
    const bytes = await readFile(path)
    bytes[place]! ^= 0x10
    await writeFile(path, bytes)
  }
  return { name: `byte ${place} of ${block ? 'a block' : 'the record'}`, block, do: turn, undo: turn }
}

/** Every file, read whole and in parts, each part compared with what was pushed: a wrong byte fails before an error does. */
async function readEverything(client: Client, reference: string, tree: Tree): Promise<void> {
  const snapshot = await client.open(reference)
  for (const [path, node] of Object.entries(tree)) {
    if (node.kind !== 'file') continue
    const opened = snapshot.file(path)
    for (let offset = 0; offset < node.bytes.length; offset += 100 * KiB) {
      const bytes = await opened.read(offset, 50 * KiB)
      assert.ok(
        Buffer.from(bytes).equals(Buffer.from(node.bytes).subarray(offset, offset + 50 * KiB)),
        `${path} ${offset}`,
      )
    }
    const parts = await Array.fromAsync(opened.stream())
    assert.ok(Buffer.concat(parts).equals(Buffer.from(node.bytes)), path)
  }
}

describe('promise 4: a consumer folder is always exactly one whole version', () => {
  it('whichever request of a pull fails, and the next pull completes it', async () => {
    const dying = dyingStorage(createMemoryStorage(), ['get', 'head', 'list'])
    await using world = await openWorld({ storage: dying.storage })
    const lines = await pushVersions(world.client, world.at)
    await world.client.tag('geo:v1', 'geo:live')
    let code = 'unavailable'
    for (let calls = stride(8) - 1; code !== 'done'; calls += stride(8)) {
      const target = world.at(`target-${calls}`)
      await world.client.tag('geo:v1', 'geo:live')
      const [live] = await world.client.pull(target, ['geo:live'])
      await world.client.tag('geo:v3', 'geo:live')
      await using hub = await startHub({ storage: dying.storage }) // one that has nothing in its memory
      const client = connect({ host: hub.host, cacheFolder: world.at(`cache-${calls}`), retryForMs: 0 })
      dying.dieAfter(calls, 'before')
      code = await codeOf(client.pull(target, ['geo:live']))
      dying.revive()
      assert.ok(code === 'unavailable' || code === 'done', code)
      assert.deepEqual(await treeOf(live!.path), code === 'done' ? lines.v3 : lines.v1)
      await client.pull(target, ['geo:live'])
      assert.deepEqual(await treeOf(live!.path), lines.v3)
      client.close()
      assert.ok(calls < 100, 'the pull never succeeds')
    }
  })

  it('whenever the program is killed, and the next pull completes it', async () => {
    const random = createRandom()
    console.log(`seed ${random.seed}`)
    await using world = await openWorld()
    const lines = await pushVersions(world.client, world.at)
    const target = world.at('target')
    await world.client.tag('geo:v1', 'geo:live')
    const [live] = await world.client.pull(target, ['geo:live'])
    const link = live!.path
    let now = 'v1'
    let killed = 0
    for (let round = 0; round < times(8, 2) || killed === 0; round++) {
      assert.ok(round < 50, 'no pull was killed')
      const next = now === 'v1' ? 'v3' : 'v1'
      await world.client.tag(`geo:${next}`, 'geo:live')
      const env = { AETHERFS_HOST: world.hub.host }
      const program = startProgram(['pull', target, 'geo:live', '--keep', '0'], { home: world.folder.path, env })
      const timer = setTimeout(() => program.process.kill('SIGKILL'), random.int(150, 450))
      const { signal } = await program.outcome
      clearTimeout(timer)
      if (signal === 'SIGKILL') killed++
      const seen = await treeOf(link)
      assert.ok(
        [now, next].some((name) => JSON.stringify(lines[name]) === JSON.stringify(seen)),
        `round ${round}`,
      )
      await world.client.pull(target, ['geo:live'])
      assert.deepEqual(await treeOf(link), lines[next], `round ${round}`)
      now = next
    }
  })

  it('when the disk gets full, and the next pull completes it', async () => {
    await using world = await openWorld()
    const lines = await pushVersions(world.client, world.at)
    await world.client.tag('geo:v1', 'geo:live')
    const [live] = await world.client.pull(world.at('target'), ['geo:live'])
    await world.client.tag('geo:v3', 'geo:live')
    const options = { home: world.folder.path, env: { AETHERFS_HOST: world.hub.host }, fileLimit: 800 }
    const { exit, stderr } = await runProgram(['pull', world.at('target'), 'geo:live'], options)
    assert.equal(exit, 1, stderr)
    assert.match(stderr, /the disk is full/i)
    assert.deepEqual(await treeOf(live!.path), lines.v1)
    await world.client.pull(world.at('target'), ['geo:live'])
    assert.deepEqual(await treeOf(live!.path), lines.v3)
  })

  it('at every moment of many updates', async () => {
    await using world = await openWorld()
    const lines = await pushVersions(world.client, world.at)
    const whole = new Set(Object.values(lines).map((version) => JSON.stringify(version)))
    await world.client.tag('geo:v1', 'geo:live')
    const [live] = await world.client.pull(world.at('target'), ['geo:live'])
    await using watch = await watchLink(live!.path)
    let looks = 0
    let looking = true
    let updating = true
    const updates = (async () => {
      for (let i = 0; looking && (looks < 20 || i < 6); i++) {
        await world.client.tag(`geo:v${1 + (i % 3)}`, 'geo:live')
        await world.client.pull(world.at('target'), ['geo:live'], { keep: 5 })
      }
    })().finally(() => (updating = false))
    let seen = { looks: 0, fault: undefined as string | undefined }
    try {
      for (; updating; looks++) await look()
    } finally {
      looking = false
      seen = await watch.stop()
      await updates
    }
    assert.equal(seen.fault, undefined)
    assert.ok(seen.looks > 1000, `${seen.looks} looks at the link`)

    async function look() {
      const seen = await treeOf(await realpath(live!.path))
      assert.ok(whole.has(JSON.stringify(seen)), 'the folder is no version')
    }
  })
})
