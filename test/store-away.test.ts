// A hub whose store is slow, refuses or hangs, as its clients and its operator see it.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { pino } from 'pino'
import { AetherError } from '../src/core/errors.ts'
import { formatDigest } from '../src/core/id.ts'
import type { DatasetName, TagName } from '../src/core/names.ts'
import { createHub } from '../src/hub/create-hub.ts'
import { ANONYMOUS } from '../src/hub/hub.ts'
import { buildSnapshot } from '../src/hub/snapshot.fixture.ts'
import { createMetrics } from '../src/protocols/metrics.ts'
import { createHubServer } from '../src/protocols/serve.ts'
import { hardened } from '../src/storage/hardened.ts'
import { createMemoryStorage } from '../src/storage/memory.ts'
import { wrapStorage } from '../src/storage/wrap-storage.ts'
import { randomBytesOf } from './testing/random.fixture.ts'
import { until } from './testing/until.fixture.ts'

const GEO = 'geo' as DatasetName

type Mood = 'well' | 'slow' | 'refusing' | 'hanging'

async function startHub() {
  let mood: Mood = 'well'
  const metrics = createMetrics()
  const moody = wrapStorage(createMemoryStorage(), async (call, perform) => {
    if (mood === 'slow') await delay(100)
    if (mood === 'refusing')
      throw new AetherError('unavailable', 'Away', { detail: { undone: 'true', retryAfterMs: '5000' } })
    if (mood === 'hanging') await new Promise(() => {})
    return perform(call.signal)
  })
  const storage = hardened(moody, {
    remote: true,
    ...metrics.store,
    timed: { base: 150, slowest: Number.POSITIVE_INFINITY },
    retries: { patience: 400, policy: { firstDelay: 50, maxDelay: 100 } },
  })
  const hub = await createHub({ storage })
  const logger = pino({ level: 'silent' })
  const server = createHubServer({ hub, version: '0', logger, metrics, limits: { readyTimeout: 50, readyInterval: 0 } })
  const { url } = await server.listen('127.0.0.1', 0)
  return {
    url,
    hub,
    change: (to: Mood) => {
      mood = to
    },
    metric: async (name: string) => {
      const text = await (await fetch(`${url}/metrics`)).text()
      return Number(
        text
          .split('\n')
          .find((line) => line.startsWith(name))
          ?.split(' ')
          .at(-1) ?? 0,
      )
    },
    async [Symbol.asyncDispose]() {
      await server.drain(0)
      await hub.close()
    },
  }
}

describe('a hub whose store is away', () => {
  for (const mood of ['refusing', 'hanging'] as const) {
    it(`tells clients to come back, in time: ${mood}`, async () => {
      await using hub = await startHub()
      hub.change(mood)
      const begin = performance.now()
      const response = await fetch(`${hub.url}/api/v2/datasets/geo/tags`)
      const { errors } = (await response.json()) as { errors: { code: string; detail: object }[] }
      assert.equal(response.status, 503)
      assert.equal(response.headers.get('retry-after'), mood === 'refusing' ? '5' : '2')
      assert.equal(errors[0]!.code, 'unavailable')
      assert.ok(!('undone' in errors[0]!.detail), 'it is not said of the whole request')
      assert.ok(performance.now() - begin < 5_000)
    })

    it(`is not ready, says so at once, and is again when the store is back: ${mood}`, async () => {
      await using hub = await startHub()
      const readyz = async () => (await fetch(`${hub.url}/readyz`)).status
      assert.equal(await readyz(), 200)
      hub.change(mood)
      const begin = performance.now()
      assert.equal(await readyz(), 503)
      assert.ok(performance.now() - begin < 5_000)
      hub.change('well')
      await until(async () => (await readyz()) === 200, 'the hub to be ready again')
    })
  }

  it('counts what it asks of the store', async () => {
    await using hub = await startHub()
    assert.equal(await hub.metric('aetherfs_store_requests_total{operation="put",outcome="ok"}'), 1)
    assert.equal(await hub.metric('aetherfs_store_bytes_total{direction="written"}'), 32)
    assert.equal(await hub.metric('aetherfs_store_request_seconds_count{operation="put"}'), 1)
    assert.equal(await hub.metric('aetherfs_store_concurrency_limit'), 16)
    hub.change('hanging')
    await (await fetch(`${hub.url}/api/v2/datasets/geo/tags/latest`)).text()
    const failed = await hub.metric('aetherfs_store_requests_total{operation="get",outcome="unavailable"}')
    assert.ok(failed >= 2, `${failed}`)
    assert.equal(await hub.metric('aetherfs_store_retries_total{operation="get"}'), failed - 1)
    assert.ok((await hub.metric('aetherfs_store_concurrency_limit')) < 16)
  })
})

describe('a fleet', () => {
  it('costs one read of the store where all want the same bytes at the same moment', async () => {
    await using served = await startHub()
    const { record, blocks, bytes } = await buildSnapshot({ 'data.bin': randomBytesOf(300_000, 'data') })
    const [block] = blocks
    const receipts = [
      await served.hub.uploadBlock(ANONYMOUS, GEO, block!.info.id, block!.bytes.length, once(block!.bytes)),
    ]
    const tags = [{ tag: 'latest' as TagName, expected: undefined }]
    await served.hub.publish(ANONYMOUS, { dataset: GEO, record: bytes, receipts, bases: [], tags, reason: '' })

    const address = `${served.url}/api/v2/datasets/geo/snapshots/${formatDigest(record.digest)}/blocks/${block!.info.id}`
    const read = async () => (await fetch(address, { headers: { range: 'bytes=1000-199999' } })).bytes()
    await read() // from here on the hub knows the record
    const reads = await served.metric('aetherfs_store_requests_total{operation="get",outcome="ok"}')
    served.change('slow')
    for (const got of await Promise.all(Array.from({ length: 30 }, read)))
      assert.ok(Buffer.from(got).equals(block!.bytes.subarray(1000, 200_000)))
    const more = (await served.metric('aetherfs_store_requests_total{operation="get",outcome="ok"}')) - reads
    assert.ok(more >= 1 && more <= 5, `${more} reads`)
  })
})

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
