// What clients of each protocol, and the operator, hear of a store that fails.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AetherError, type ErrorCode } from '../core/errors.ts'
import { sha256Hex } from '../core/id.ts'
import { createHub } from '../hub/create-hub.ts'
import { createMemoryStorage } from '../storage/memory.ts'
import { createProcessLock } from '../storage/process-lock.ts'
import { wrapStorage } from '../storage/wrap-storage.ts'
import { startServer } from './server.fixture.ts'

const DIGEST = sha256Hex('a snapshot')
const PLACES = /bucket-7|minio\.internal|endpoint|region|\/srv/

/** Answers of all protocols, each as text with its headers. */
const CALLS: Record<string, (url: string) => Promise<Response>> = {
  REST: (url) => fetch(`${url}/api/v2/datasets/geo/tags/latest`),
  Connect: (url) =>
    fetch(`${url}/aetherfs.v2.DatasetService/GetTag`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ dataset: 'geo', tag: 'latest' }),
    }),
  'bulk HTTP': (url) => fetch(`${url}/api/v2/datasets/geo/snapshots/sha256:${DIGEST}/record`),
}

function failure(code: ErrorCode): AetherError {
  return new AetherError(code, 'Cannot read "tags" of bucket-7 at /srv/store: minio.internal:9000 refuses', {
    hint: 'Check endpoint= and region= in the URL of the store',
    cause: new Error('connect minio.internal'),
  })
}

async function hubWhoseStoreFails(how: () => Promise<never> | Error) {
  let fails = false
  const storage = wrapStorage(createMemoryStorage(), async (call, perform) => {
    if (fails) throw await how()
    return perform(call.signal)
  })
  const hub = await createHub({ storage })
  fails = true
  return startServer({ hub })
}

describe('a store that fails', () => {
  const expected: [ErrorCode, status: number, RegExp][] = [
    ['unavailable', 503, /store does not answer/],
    ['denied', 503, /store does not answer/],
    ['no-space', 507, /no space left/],
    ['internal', 500, /inside the hub/],
    ['invalid', 500, /inside the hub/],
  ]
  for (const [code, status, message] of expected) {
    it(`of its ${code} clients hear neither place nor setting, and the operator all`, async () => {
      const { url, log } = await hubWhoseStoreFails(() => failure(code))
      for (const [protocol, call] of Object.entries(CALLS)) {
        const response = await call(url)
        const text = await response.text()
        const id = response.headers.get('x-request-id')!
        if (protocol !== 'Connect') assert.equal(response.status, status, protocol)
        assert.match(text, message, protocol)
        assert.doesNotMatch(text + decodedDetails(text), PLACES, protocol)
        if (code !== 'no-space') assert.ok((text + decodedDetails(text)).includes(id), protocol)
        const line = log.find(({ requestId, msg }) => requestId === id && msg === 'request failed')
        assert.match(JSON.stringify(line), /bucket-7.*minio\.internal.*endpoint=/, protocol)
      }
    })
  }

  it('does not tell where the lock of a folder lies', async () => {
    const { url } = await hubWhoseStoreFails(() => createProcessLock('/srv/absent/lock').run(async () => assert.fail()))
    for (const call of Object.values(CALLS)) assert.doesNotMatch(await (await call(url)).text(), PLACES)
  })
})

/** The details of a Connect error are base64 of a message. */
function decodedDetails(text: string): string {
  const details = (JSON.parse(text) as { details?: { value: string }[] }).details ?? []
  return details.map(({ value }) => Buffer.from(value, 'base64').toString()).join()
}
