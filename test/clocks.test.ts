// Clocks that are an hour off: of two hubs of one store, and of a client.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { describe, it, type TestContext } from 'node:test'
import { type Client, connect, type LogEntry, type OnProgress } from '../src/client/index.ts'
import { buildSnapshot } from '../src/hub/snapshot.fixture.ts'
import { createMemoryStorage } from '../src/storage/memory.ts'
import { codeOf } from './testing/codes.fixture.ts'
import { startHub } from './testing/hub.fixture.ts'
import { publish, putBlock } from './testing/raw-call.fixture.ts'
import { temporaryFolder } from './testing/temporary-folder.fixture.ts'
import { file, treeOf, writeTree } from './testing/tree.fixture.ts'
import { openWorld } from './testing/world.fixture.ts'

const HOUR = 3600_000
const { now } = Date

/** The clock of this process, and so of its clients, is off by that many milliseconds from now on. */
function setClock(t: TestContext, offset: number): void {
  t.mock.method(Date, 'now', () => now() + offset)
}

/** One hub is an hour ahead and the other one behind. */
async function openSkewedHubs() {
  const opened = new AsyncDisposableStack()
  const folder = opened.use(await temporaryFolder())
  const storage = createMemoryStorage()
  let waited = 0
  const open = async (name: string, offset: number): Promise<Client & { host: string }> => {
    const { host } = opened.use(await startHub({ storage, now: () => now() + offset + waited }))
    const client = connect({ host, cacheFolder: folder.at(`cache-${name}`) })
    opened.defer(async () => client.close())
    return { ...client, host }
  }
  const [ahead, behind] = [await open('ahead', HOUR), await open('behind', -HOUR)]
  const push = async (client: Client, text: string, ...references: string[]) => {
    await writeTree(folder.at('source'), { 'a.txt': file(text) })
    const [pushed] = await client.push(folder.at('source'), references, { message: text })
    return pushed!
  }
  /** Moves the clocks of both hubs on. */
  const wait = (ms: number) => {
    waited += ms
  }
  return { ahead, behind, push, wait, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

describe('two hubs whose clocks are two hours apart', () => {
  it('keep the log in the order of the moves, and its times growing', async () => {
    await using world = await openSkewedHubs()
    const { ahead, behind, push } = world
    const times: number[] = []
    for (const [i, client] of [behind, ahead, behind].entries()) {
      await push(client, `push ${i}`, 'geo:live')
      const [live] = await Array.fromAsync(behind.tags('geo'))
      times.push(live!.movedMicros)
    }
    await behind.rollBack('geo:live', { reason: 'back' })
    await ahead.tag('geo:live', 'geo:stable', { reason: 'other' })
    await behind.deleteTag('geo:live', { reason: 'gone' })
    const right = ['gone', 'back', 'push 2', 'push 1', 'push 0']
    for (const client of [ahead, behind]) {
      const log: LogEntry[] = await Array.fromAsync(client.log('geo:live'))
      assert.deepEqual(
        log.map(({ reason }) => reason),
        right,
      )
      assert.deepEqual(
        log.slice(2).map(({ whenMicros }) => whenMicros),
        times.toReversed(),
      )
      log.slice(1).forEach(({ whenMicros }, i) => void assert.ok(whenMicros < log[i]!.whenMicros, 'times grow'))
      const all = await Array.fromAsync(client.log('geo'))
      assert.deepEqual(
        all.filter(({ tag }) => tag === 'live').map(({ reason }) => reason),
        right,
      )
      assert.equal(all.length, right.length + 1)
    }
  })

  it('take the receipts of each other, also much later', async () => {
    await using world = await openSkewedHubs()
    const made = await buildSnapshot({ 'a.txt': 'a'.repeat(100_000) })
    const [block] = made.blocks
    const receiptOf = async ({ host }: { host: string }) => {
      const { body } = await putBlock(`http://${host}`, 'geo', block!.info.id, block!.bytes)
      return String(body.receipt)
    }
    const [fast, slow] = [await receiptOf(world.ahead), await receiptOf(world.behind)]
    world.wait(21 * HOUR) // clients use none that is older than 20 hours
    for (const [{ host }, receipt] of [
      [world.behind, fast],
      [world.ahead, slow],
    ] as const) {
      const { status, message } = await publish(`http://${host}`, {
        dataset: 'geo',
        record: made.bytes,
        receipts: [receipt],
      })
      assert.equal(status, 200, message)
    }
  })
})

describe('a client whose clock is an hour off', () => {
  for (const [name, offset] of [
    ['ahead', HOUR],
    ['behind', -HOUR],
  ] as const) {
    it(`${name}: pushes what changed, also right after another push`, async (t) => {
      setClock(t, offset)
      await using world = await openWorld()
      const path = world.at('source', 'a.txt')
      await writeTree(world.at('source'), { 'a.txt': file('0'.repeat(50_000)) })
      for (const digit of ['1', '2']) {
        await writeFile(path, digit.repeat(50_000))
        await world.client.push(world.at('source'), ['geo:live'])
        const [pulled] = await world.client.pull(world.at('target'), ['geo:live'])
        assert.deepEqual(await treeOf(pulled!.path), await treeOf(world.at('source')))
      }
    })
  }

  it('believes no file that was changed in what it takes for the future', async (t) => {
    setClock(t, -HOUR)
    await using world = await openWorld()
    await writeTree(world.at('source'), { 'a.txt': file('x'.repeat(50_000)) })
    const [first] = await world.client.push(world.at('source'), ['geo:live'])
    const [again] = await world.client.push(world.at('source'), ['geo:live'])
    assert.deepEqual([again!.digest, again!.unreadBytes], [first!.digest, 0])
  })

  for (const offset of [HOUR, -HOUR]) {
    it(`goes on where it was interrupted after its clock was set by ${offset / HOUR} h`, async (t) => {
      await using world = await openWorld()
      await writeTree(world.at('source'), { 'a.txt': file('x'.repeat(50_000)) })
      const stop = new AbortController()
      const onProgress: OnProgress = ({ phase }) => phase === 'publish' && stop.abort()
      const interrupted = world.client.push(world.at('source'), ['geo:live'], { signal: stop.signal, onProgress })
      assert.equal(await codeOf(interrupted), 'cancelled')
      setClock(t, offset)
      const [pushed] = await world.client.push(world.at('source'), ['geo:live'])
      assert.equal(pushed!.sentBytes, 0)
    })
  }
})
