import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { type FaultProxyOptions, PROXY_FAULTS, startFaultProxy } from './fault-proxy.fixture.ts'
import { evenRates } from './faults.fixture.ts'

describe('fault proxy', () => {
  let server: Server
  let target: string
  /** "METHOD path body" of each request that came through. */
  let came: string[] = []

  before(async () => {
    server = createServer(async (request, response) => {
      const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>))
      came.push(`${request.method} ${request.url} ${body}`)
      response.setHeader('etag', '"x"').end('the answer')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  after(() => server.close())

  async function start(options: Omit<FaultProxyOptions, 'target'>) {
    came = []
    return startFaultProxy({ target, seed: 1, ...options })
  }

  /** The text of an answer, or "failed". */
  async function ask(url: string, init: RequestInit = {}): Promise<string> {
    try {
      return await (await fetch(url, init)).text()
    } catch {
      return 'failed'
    }
  }

  it('forwards everything while it is healthy', async () => {
    await using proxy = await start({ rates: evenRates(PROXY_FAULTS, 1) })
    proxy.heal()
    const answer = await fetch(`${proxy.url}/a?b=c`, { method: 'PUT', body: 'x' })
    assert.deepEqual([await answer.text(), answer.headers.get('etag')], ['the answer', '"x"'])
    const head = await fetch(`${proxy.url}/a`, { method: 'HEAD' })
    assert.deepEqual([await head.text(), head.status], ['', 200])
    assert.deepEqual(came, ['PUT /a?b=c x', 'HEAD /a '])
    assert.deepEqual(proxy.totals(), { calls: 0, faults: 0 })
  })

  it('says 503 and when to come again, without asking the server', async () => {
    await using proxy = await start({ rates: { 'slow-down': 1 }, slowDownBody: '<Error/>' })
    const answer = await fetch(proxy.url)
    assert.deepEqual([answer.status, answer.headers.get('retry-after'), await answer.text()], [503, '0', '<Error/>'])
    assert.deepEqual(came, [])
  })

  it('ends the connection before and after the server has done what was asked', async () => {
    for (const [fault, times] of [
      ['reset', 0],
      ['lost', 1],
    ] as const) {
      await using proxy = await start({ rates: { [fault]: 1 } })
      assert.equal(await ask(proxy.url, { method: 'POST', body: 'x' }), 'failed')
      assert.equal(came.length, times, fault)
    }
  })

  it('cuts an answer short, and the connection with it', async () => {
    await using proxy = await start({ rates: { truncated: 1 } })
    const answer = await fetch(proxy.url)
    assert.equal(answer.headers.get('content-length'), '10')
    await assert.rejects(answer.text())
  })

  it('flips one bit of a request, or of the answer to one that has no body', async () => {
    await using proxy = await start({ rates: { flipped: 1 } })
    assert.equal(await ask(proxy.url, { method: 'POST', body: 'asked' }), 'the answer')
    assert.match(came[0]!, /^POST \/ .{5}$/s)
    assert.notEqual(came[0], 'POST / asked')
    const answer = await ask(proxy.url)
    assert.deepEqual([answer.length, answer === 'the answer'], [10, false])
  })

  it('hangs until its client gives up, or it is healed', async () => {
    await using proxy = await start({ rates: { hung: 1 } })
    assert.equal(await ask(proxy.url, { signal: AbortSignal.timeout(20) }), 'failed')
    const hanging = ask(proxy.url)
    while (proxy.totals().calls < 2) await new Promise((resolve) => setTimeout(resolve, 1))
    proxy.heal()
    assert.equal(await hanging, 'failed')
    assert.equal(await ask(proxy.url), 'the answer')
  })

  it('delivers what it stalls', async () => {
    await using proxy = await start({ rates: { stalled: 1 }, stallMs: 5 })
    for (let i = 0; i < 10; i++) assert.equal(await ask(proxy.url), 'the answer')
    assert.equal(proxy.injected.stalled, 10)
  })

  it('strikes the same requests again with the same seed', async () => {
    const run = async (seed: number) => {
      await using proxy = await start({ rates: { reset: 0.4 }, seed })
      return await Promise.all(Array.from({ length: 30 }, (_, i) => ask(`${proxy.url}/${i}`)))
    }
    const first = await run(1)
    assert.deepEqual(await run(1), first)
    assert.notDeepEqual(await run(2), first)
  })
})
