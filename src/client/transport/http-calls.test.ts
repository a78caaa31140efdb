import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, describe, it } from 'node:test'
import { createHttpCalls } from './http-calls.ts'
import { errorOf } from './http-errors.ts'

const closing: (() => void)[] = []
after(() => closing.forEach((close) => void close()))

async function serve(listener: RequestListener) {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const calls = createHttpCalls(`127.0.0.1:${(server.address() as AddressInfo).port}`, {})
  closing.push(
    () => calls.close(),
    () => server.closeAllConnections(),
    () => server.close(),
  )
  return { calls, server }
}

const get = { method: 'GET' as const, path: '/', maxBytes: 100 }

describe('createHttpCalls', () => {
  it('sends bodies and takes answers', async () => {
    const { calls } = await serve((request, response) => request.pipe(response))
    const { status, body } = await calls.send({ ...get, method: 'PUT', body: Buffer.from('hello') })
    assert.deepEqual([status, body.toString()], [200, 'hello'])
  })

  it('explains a hub that is not there', async () => {
    const { calls, server } = await serve(() => {})
    await new Promise((resolve) => server.close(resolve))
    await assert.rejects(calls.send(get), {
      code: 'unavailable',
      message: /Cannot reach the hub 127\.0\.0\.1:\d+: .*ECONNREFUSED/,
      hint: /aetherfs run/,
    })
  })

  it('refuses answers that are longer than they may be, announced or not', async () => {
    const { calls } = await serve((request, response) => {
      if (request.url === '/announced') response.setHeader('content-length', 1_000_000_000)
      response.write('x'.repeat(200))
      if (request.url !== '/announced') response.end()
    })
    await assert.rejects(calls.send({ ...get, path: '/announced' }), {
      code: 'integrity',
      message: /1000000000 bytes where at most 100/,
    })
    await assert.rejects(calls.send(get), { code: 'integrity', message: /over 100 bytes|200 bytes/ })
  })

  it('finds out that an answer broke off', async () => {
    const { calls } = await serve((_, response) => {
      response.setHeader('content-length', 50)
      response.write('half', () => response.destroy())
    })
    await assert.rejects(calls.send(get), { code: 'unavailable' })
  })

  it('gives a silent hub up, and stops when asked to', async () => {
    const { calls } = await serve(() => {})
    await assert.rejects(calls.send({ ...get, answerTimeout: 50 }), { code: 'unavailable', message: /no byte came/ })
    const aborting = new AbortController()
    const waiting = calls.send({ ...get, signal: aborting.signal })
    aborting.abort()
    await assert.rejects(waiting, { code: 'cancelled' })
  })

  it('takes a connection of its own for what must not be sent twice', async () => {
    const sockets = new Set<unknown>()
    const { calls } = await serve((request, response) => {
      sockets.add(request.socket)
      response.end('ok')
    })
    await calls.send(get)
    await calls.send(get)
    assert.equal(sockets.size, 1)
    await calls.send({ ...get, once: true })
    await calls.send({ ...get, once: true })
    assert.equal(sockets.size, 3)
  })

  it('sends again when a kept connection had been closed meanwhile', async () => {
    const { calls, server } = await serve((_, response) => response.end('ok'))
    await calls.send(get)
    server.closeAllConnections()
    assert.equal((await calls.send(get)).status, 200)
  })
})

describe('errorOf', () => {
  const answer = (status: number, body: string) => ({
    status,
    headers: { 'x-request-id': 'r1' },
    body: Buffer.from(body),
  })

  it('reads the errors of REST and bulk routes', () => {
    const { code, message, hint, detail } = errorOf(
      'h',
      answer(409, '{"errors":[{"code":"conflict","message":"It moved","detail":{"hint":"look","digest":"d"}}]}'),
    )
    assert.deepEqual([code, message, hint, detail], ['conflict', 'It moved', 'look', { digest: 'd' }])
  })
  it('says when the hub wants to be asked again', () => {
    const wait = (status: number, header: string) =>
      errorOf('h', { status, headers: { 'retry-after': header }, body: Buffer.alloc(0) }).detail.retryAfterMs
    assert.equal(wait(503, '7'), '7000')
    assert.equal(wait(429, '0'), '0')
    const soon = Number(wait(503, new Date(Date.now() + 60_000).toUTCString()))
    assert.ok(soon > 50_000 && soon <= 60_000, String(soon))
    assert.equal(wait(503, new Date(0).toUTCString()), '0')
    assert.deepEqual([wait(503, 'soon'), wait(404, '7')], [undefined, undefined])
  })
  it('makes the best of answers that are not from a hub', () => {
    for (const body of [
      '',
      '<html>',
      '[]',
      '{"errors":[]}',
      '{"errors":[{}]}',
      '{"details":7}',
      '{"details":[{"type":"aetherfs.v2.ErrorDetail","value":7}]}',
    ]) {
      const error = errorOf('h', answer(503, body))
      assert.deepEqual([error.code, error.message], ['unavailable', 'The hub h answers with status 503 (request r1)'])
    }
    assert.equal(
      errorOf('h', answer(418, '{"errors":[{"code":"teapot","message":"short and stout"}]}')).code,
      'internal',
    )
  })
})
