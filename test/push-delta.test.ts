// Pushes that send what changed since the last one, and what becomes of them when that is not possible.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, linkSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import fc from 'fast-check'
import type { Client } from '../src/client/client.ts'
import type { Connection } from '../src/client/connection.ts'
import { createClient } from '../src/client/index.ts'
import { createHttpConnection } from '../src/client/transport/http-connection.ts'
import { AetherError, type ErrorCode } from '../src/core/errors.ts'
import { anyTree, bakeTree } from './testing/any-tree.fixture.ts'
import { randomBytesOf } from './testing/random.fixture.ts'
import { skipAhead } from './testing/skip-ahead.fixture.ts'
import { someOf, times } from './testing/thorough.fixture.ts'
import { file, type Tree, treeOf, writeTree } from './testing/tree.fixture.ts'
import { openWorld, type TestWorld } from './testing/world.fixture.ts'

const BIG = randomBytesOf(1_500_000, 'big')

/** The big file with a few bytes put in and others changed here and there. */
function edited(text: string): Buffer {
  const bytes = Buffer.concat([BIG.subarray(0, 200_000), Buffer.from(text), BIG.subarray(200_000)])
  for (let at = 50_000; at < bytes.length; at += 100_000) bytes.write(text, at)
  return bytes
}

function tree(big: Uint8Array): Tree {
  return { 'big.bin': file(big), 'small/a': file(randomBytesOf(5000, 'a')), 'small/b': file('b') }
}

/** With new files: what an earlier push kept of the old ones stays as it was. */
async function replaceTree(folder: string, next: Tree): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await writeTree(folder, next)
}

/** A world in which the first version was pushed, and the second is ready to be. */
async function pushedOnce(t: TestContext): Promise<TestWorld & { source: string }> {
  skipAhead(t)
  const world = await openWorld()
  const source = world.at('source')
  await writeTree(source, tree(BIG))
  await world.client.push(source, ['geo:latest'])
  await replaceTree(source, tree(edited('hello')))
  return Object.assign(world, { source })
}

async function assertWhole(world: TestWorld & { source: string }): Promise<void> {
  const target = world.at(`target-${Math.random()}`)
  const [pulled] = await world.newClient().pull(target, ['geo:latest'])
  assert.deepEqual(await treeOf(pulled!.path), await treeOf(world.source))
}

/** A client with the cache of the world's first, and some calls of its own. */
function clientWith(world: TestWorld, calls: Partial<Connection>): Client {
  const cacheFolder = world.at('cache-0')
  return createClient({ host: world.hub.host, cacheFolder }, (hosts) => ({ ...createHttpConnection(hosts), ...calls }))
}

function basesIn(world: TestWorld): string[] {
  const folder = world.at('cache-0', 'bases')
  return existsSync(folder) ? readdirSync(folder).filter((name) => name !== 'lock') : []
}

describe('a push of files that have changed in places', () => {
  it('sends a delta, once, and the new version is whole', async (t) => {
    await using world = await pushedOnce(t)
    const [dry] = await world.client.push(world.source, ['geo:latest'], { dryRun: true })
    const [pushed] = await world.client.push(world.source, ['geo:latest'])
    assert.ok(pushed!.deltaBytes > 0 && pushed!.deltaBytes < 5000, `${pushed!.deltaBytes} bytes`)
    assert.equal(pushed!.sentBytes, pushed!.deltaBytes)
    assert.deepEqual(
      [dry!.digest, dry!.deltaBytes, dry!.newBytes],
      [pushed!.digest, pushed!.deltaBytes, pushed!.newBytes],
    )
    await assertWhole(world)
    const [again] = await world.client.push(world.source, ['geo:latest'])
    assert.deepEqual([again!.sentBytes, again!.deltaBytes, again!.unreadBytes], [0, 0, again!.bytes])
    await replaceTree(world.source, tree(edited('goodbye')))
    const [third] = await world.client.push(world.source, ['geo:latest'])
    assert.ok(third!.deltaBytes > 0 && third!.deltaBytes < 5000)
    await assertWhole(world)
    assert.deepEqual(readdirSync(world.at('cache-0', 'deltas')), [])
  })

  it('does so too when only a push of nothing new could keep the files', async (t) => {
    await using world = await pushedOnce(t)
    await world.client.push(world.source, ['geo:latest'], { cacheSize: 0 })
    assert.deepEqual(basesIn(world), [])
    await world.client.push(world.source, ['geo:latest'], { dryRun: true })
    assert.deepEqual(basesIn(world), [])
    const [keeping] = await world.client.push(world.source, ['geo:latest'])
    assert.deepEqual([keeping!.sentBytes, basesIn(world).length], [0, 1])
    const [again] = await world.client.push(world.source, ['geo:latest'])
    assert.equal(again!.unreadBytes, again!.bytes)
    await replaceTree(world.source, tree(edited('goodbye')))
    const [pushed] = await world.client.push(world.source, ['geo:latest'])
    assert.ok(pushed!.deltaBytes > 0 && pushed!.deltaBytes < 5000, `${pushed!.deltaBytes} bytes`)
    await assertWhole(world)
  })

  it('sends chunks, and has nothing to say about it, when the hub knows the files before with other times', async (t) => {
    await using world = await pushedOnce(t)
    await replaceTree(world.source, tree(BIG))
    await world.client.push(world.source, ['geo:latest'])
    await replaceTree(world.source, tree(edited('hello')))
    const [pushed] = await world.client.push(world.source, ['geo:latest'])
    assert.deepEqual([pushed!.deltaBytes, pushed!.warnings], [0, []])
    await assertWhole(world)
  })

  it('does so for a single file', async (t) => {
    skipAhead(t)
    await using world = await openWorld()
    const source = world.at('disk.img')
    writeFileSync(source, BIG)
    await world.client.push(source, ['geo:latest'])
    await rm(source)
    writeFileSync(source, edited('hello'))
    const [pushed] = await world.client.push(source, ['geo:latest'])
    assert.ok(pushed!.deltaBytes > 0)
    const [pulled] = await world.newClient().pull(world.at('target'), ['geo:latest'])
    assert.deepEqual(readFileSync(join(pulled!.path, 'disk.img')), readFileSync(source))
  })

  it('sends chunks when files were rewritten in place, and a delta the next time', async (t) => {
    await using world = await pushedOnce(t)
    await world.client.push(world.source, ['geo:latest'])
    writeFileSync(join(world.source, 'big.bin'), edited('in place'))
    const [pushed] = await world.client.push(world.source, ['geo:latest'])
    assert.equal(pushed!.deltaBytes, 0)
    assert.deepEqual(pushed!.warnings, [])
    await assertWhole(world)
    const [again] = await world.client.push(world.source, ['geo:latest'])
    assert.equal(again!.unreadBytes, again!.bytes)
    await replaceTree(world.source, tree(edited('replaced')))
    assert.ok((await world.client.push(world.source, ['geo:latest']))[0]!.deltaBytes > 0)
    await assertWhole(world)
  })

  it('sends chunks when the files are new altogether', async (t) => {
    await using world = await pushedOnce(t)
    await replaceTree(world.source, tree(randomBytesOf(1_500_000, 'other')))
    const [pushed] = await world.client.push(world.source, ['geo:latest'])
    assert.equal(pushed!.deltaBytes, 0)
    await assertWhole(world)
  })

  it('sends chunks when the tag points elsewhere and nothing names the old version', async (t) => {
    await using world = await pushedOnce(t)
    const [pushed] = await world.client.push(world.source, ['other:latest'])
    assert.equal(pushed!.deltaBytes, 0)
  })

  it('gives a source with several names for one file to two datasets', async (t) => {
    skipAhead(t)
    await using world = await openWorld()
    const source = world.at('source')
    await writeTree(source, tree(BIG))
    linkSync(join(source, 'big.bin'), join(source, 'too.bin'))
    const results = await world.client.push(source, ['geo:latest', 'other:latest'])
    assert.equal(results[0]!.digest, results[1]!.digest)
    const [again] = await world.client.push(source, ['geo:v1'])
    assert.equal(again!.unreadBytes, again!.bytes)
  })

  it('makes the same snapshot by delta and by chunks, whatever was there before and is there now', async (t) => {
    skipAhead(t)
    let deltas = 0
    const edits = fc.array(fc.record({ at: fc.nat(600_000), length: fc.nat(3000), by: fc.nat(3000) }), { maxLength: 6 })
    const property = fc.asyncProperty(anyTree, anyTree, edits, async (before, after, places) => {
      await using world = await openWorld()
      const source = world.at('source')
      const big = BIG.subarray(0, 600_000)
      const changed = places.reduce(
        (bytes, { at, length, by }) =>
          Buffer.concat([bytes.subarray(0, at), randomBytesOf(by, at), bytes.subarray(at + length)]),
        Buffer.from(big),
      )
      await writeTree(source, { ...bakeTree(before), 'the big one': file(big) })
      await world.client.push(source, ['geo:latest'])
      await replaceTree(source, { ...bakeTree(after), 'the big one': file(changed) })
      const [byDelta] = await world.client.push(source, ['geo:latest'])
      const [byChunks] = await world.newClient().push(source, ['other:latest'], { cacheSize: 0 })
      if (byDelta!.deltaBytes > 0) deltas++
      assert.equal(byDelta!.digest, byChunks!.digest)
      assert.deepEqual(byDelta!.warnings, [])
      for (const reference of ['geo', 'other']) {
        const [pulled] = await world.newClient().pull(world.at(reference), [reference])
        assert.deepEqual(await treeOf(pulled!.path), await treeOf(source))
      }
    })
    const many = [1, 2, 3, 4, 5].map((i) => ({ at: 100_000 * i, length: 50, by: 60 }))
    await fc.assert(property, { numRuns: times(9, 2), examples: [[[], [], many]] })
    assert.ok(deltas > 0)
  })
})

describe('a push whose delta cannot be sent', () => {
  const REFUSALS: Record<string, [ErrorCode, warnings: number]> = {
    'does not know deltas or the old version': ['not-found', 0],
    'takes no deltas there': ['invalid', 0],
    'finds it too long': ['too-large', 0],
    'cannot do it now': ['unavailable', 0],
    'gets something else out of it': ['integrity', 1],
    'has a defect': ['internal', 1],
  }
  for (const [what, [code, warnings]] of someOf(Object.entries(REFUSALS), 2)) {
    it(`sends chunks when the hub ${what}`, async (t) => {
      await using world = await pushedOnce(t)
      const sendDelta = async () => {
        throw new AetherError(code, 'No')
      }
      const [pushed] = await clientWith(world, { sendDelta }).push(world.source, ['geo:latest'])
      assert.equal(pushed!.deltaBytes, 0)
      assert.ok(pushed!.sentBytes > 100_000)
      assert.equal(pushed!.warnings.length, warnings)
      await assertWhole(world)
    })
  }

  it('sends the chunks that the hub has not made of it', async (t) => {
    await using world = await pushedOnce(t)
    const [pushed] = await clientWith(world, { sendDelta: async () => [] }).push(world.source, ['geo:latest'])
    assert.ok(pushed!.deltaBytes > 0 && pushed!.sentBytes > 100_000 && pushed!.blocks > 0)
    await assertWhole(world)
  })

  it('is refused, with the name of the file, when that changes under it', async (t) => {
    await using world = await pushedOnce(t)
    const big = join(world.source, 'big.bin')
    const onProgress = ({ phase, done }: { phase: string; done?: boolean }) => {
      if (phase === 'read' && done) writeFileSync(big, edited('changed under it'))
    }
    const push = world.client.push(world.source, ['geo:latest'], { onProgress })
    await assert.rejects(push, { code: 'source', message: /"big.bin" changed while it was read/ })
  })

  it('ends when it is stopped', async (t) => {
    await using world = await pushedOnce(t)
    const stop = new AbortController()
    const sendDelta = async () => {
      stop.abort()
      throw new AetherError('cancelled', 'Cancelled')
    }
    const push = clientWith(world, { sendDelta }).push(world.source, ['geo:latest'], { signal: stop.signal })
    await assert.rejects(push, { code: 'cancelled' })
  })
})

describe('a push of a delta that is killed', () => {
  for (const stop of ['delta', 'publish']) {
    it(`before the ${stop} goes on the next time`, async (t) => {
      await using world = await pushedOnce(t)
      const child = new URL('testing/delta-child.fixture.ts', import.meta.url).pathname
      const args = [child, world.hub.host, world.at('cache-0'), world.source, stop]
      const process_ = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
      await once(process_.stdout, 'data')
      process_.kill('SIGKILL')
      await once(process_, 'exit')
      const [pushed] = await world.client.push(world.source, ['geo:latest'])
      if (stop === 'publish') assert.equal(pushed!.sentBytes, 0)
      else assert.ok(pushed!.deltaBytes > 0)
      await assertWhole(world)
      const [again] = await world.client.push(world.source, ['geo:latest'])
      assert.equal(again!.sentBytes, 0)
    })
  }
})

describe('what pushes keep for deltas', () => {
  it('is nothing when they are told so, and what was there is removed', async (t) => {
    await using world = await pushedOnce(t)
    assert.equal(basesIn(world).length, 1)
    const [pushed] = await world.client.push(world.source, ['geo:latest'], { cacheSize: 0 })
    assert.equal(pushed!.deltaBytes, 0)
    assert.deepEqual(basesIn(world), [])
  })

  it('is what was used last, within the bound', async (t) => {
    await using world = await pushedOnce(t)
    const [first] = basesIn(world)
    await writeTree(world.at('second'), { ...tree(BIG), more: file('more') })
    await world.client.push(world.at('second'), ['second'], { cacheSize: 2_000_000 })
    assert.equal(basesIn(world).length, 1)
    assert.ok(!basesIn(world).includes(first!))
    await world.client.push(world.source, ['geo:latest'], { cacheSize: 1_000_000 })
    assert.deepEqual(basesIn(world), [])
  })

  it('is only what the last version has', async (t) => {
    await using world = await pushedOnce(t)
    await world.client.push(world.source, ['geo:latest'])
    const files = readdirSync(world.at('cache-0', 'bases', basesIn(world)[0]!, 'files'))
    assert.equal(files.length, 3)
  })

  it('does no harm when it is damaged', async (t) => {
    await using world = await pushedOnce(t)
    const path = world.at('cache-0', 'bases', basesIn(world)[0]!, 'base')
    const bytes = readFileSync(path)
    bytes[bytes.length >> 1]! ^= 1
    writeFileSync(path, bytes)
    const [pushed] = await world.client.push(world.source, ['geo:latest'])
    assert.equal(pushed!.deltaBytes, 0)
    await assertWhole(world)
  })

  it('stands no other push from the same source in the way', async (t) => {
    await using world = await pushedOnce(t)
    const references = ['geo:latest', 'a:latest', 'b:latest', 'c:latest']
    const pushes = references.map((reference) => clientWith(world, {}).push(world.source, [reference]))
    const digests = (await Promise.all(pushes)).map(([pushed]) => pushed!.digest)
    assert.equal(new Set(digests).size, 1)
    await assertWhole(world)
    await replaceTree(world.source, tree(edited('once more')))
    const [pushed] = await world.client.push(world.source, ['geo:latest'])
    assert.ok(pushed!.deltaBytes > 0)
  })
})
