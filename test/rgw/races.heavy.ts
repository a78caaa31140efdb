// Compare-and-swap on a real S3 between processes that know nothing of each other.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseDatasetName, parseTagName } from '../../src/core/names.ts'
import { createTagStore, type LogObject } from '../../src/hub/tag-store.ts'
import { startFixture } from '../../src/storage/child-process.fixture.ts'
import { keys } from '../../src/storage/keys.ts'
import { openStorage } from '../../src/storage/open-storage.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { bytesOf, outcome, readText, times } from '../../src/storage/suite-kit.fixture.ts'
import { newStoreUrl, openBucket } from './test-bucket.ts'

const PROCESSES = 4
const MOVES = 12
const dataset = parseDatasetName('contended')
const tag = parseTagName('latest')

interface Attempt {
  reason: string
  ended: string
}

describe('races on a real S3', () => {
  it('lose no move of a tag, and tell nobody the wrong thing about his', async (context) => {
    const url = newStoreUrl(openBucket())
    const attempts = await moveAtOnce(url)
    const count = (ended: string) => attempts.filter((attempt) => attempt.ended === ended).length
    context.diagnostic(`${count('moved')} moved, ${count('conflict')} conflicts, ${count('unavailable')} unclear`)

    const storage = await openStorage(url)
    const chain = await readChain(storage)
    for (const [at, { from }] of chain.entries()) assert.equal(from, chain[at + 1]?.to ?? null)
    const times = Map.groupBy(chain, ({ reason }) => reason)
    for (const { reason, ended } of attempts) {
      const expected = ended === 'moved' ? [1] : ended === 'conflict' ? [0] : [0, 1]
      assert.ok(expected.includes(times.get(reason)?.length ?? 0), `${reason} ended with ${ended}`)
    }
    assert.ok(attempts.every(({ ended }) => ['moved', 'conflict', 'unavailable'].includes(ended)))
    const { objects } = await storage.list({ prefix: keys.log(dataset) })
    assert.ok(objects.length <= chain.length + count('unavailable'), 'moves that lost leave no log entry')
    await storage.close()
  })

  it('have one winner for each new key', async () => {
    const url = newStoreUrl(openBucket())
    const writers = await Promise.all(times(PROCESSES, () => openStorage(url)))
    const names = times(30, (n) => `k${n}`)
    for (const key of names) {
      const ended = await Promise.all(
        writers.map((writer, n) => outcome(writer.put(key, bytesOf(`${n}`), { ifAbsent: true }))),
      )
      assert.deepEqual(ended.toSorted(), [...times(PROCESSES - 1, () => 'conflict'), 'ok'])
      assert.equal(await readText(writers[0]!, key), `${ended.indexOf('ok')}`)
    }
    await Promise.all(writers.map((writer) => writer.close()))
  })
})

async function moveAtOnce(url: string): Promise<Attempt[]> {
  const fixture = import.meta.resolve('./move-tag.fixture.ts')
  const movers = times(PROCESSES, (n) => startFixture(fixture, [url, `mover-${n}`, `${MOVES}`]))
  for (const { lines } of movers) assert.equal((await lines.next()).value, 'ready')
  for (const { go } of movers) go()
  const lines = await Promise.all(movers.map(({ rest }) => rest()))
  return lines.flat().map((line) => JSON.parse(line) as Attempt)
}

/** The moves of the tag from the last to the first, as its log entries name each other. */
async function readChain(storage: Storage): Promise<LogObject[]> {
  const tags = createTagStore(storage, Date.now)
  const chain: LogObject[] = []
  let next = (await tags.read(dataset, tag))?.tag.log ?? null
  while (next !== null) {
    const entry = await tags.readLog(dataset, next)
    chain.push(entry)
    next = entry.previous
  }
  return chain
}
