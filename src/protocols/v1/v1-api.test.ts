// The services of v1 over a hub that does as it is told: what clients that go away leave behind, and what silent ones get.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Code, ConnectError, createClient } from '@connectrpc/connect'
import { createGrpcTransport } from '@connectrpc/connect-node'
import { AetherError } from '../../core/errors.ts'
import { AgentAPI } from '../../gen/aetherfs/agent/v1/agent_api_pb.ts'
import { BlockAPI } from '../../gen/aetherfs/block/v1/block_api_pb.ts'
import { DatasetAPI } from '../../gen/aetherfs/dataset/v1/dataset_api_pb.ts'
import type { V1Hub } from '../../hub/v1/v1-hub.ts'
import { DIGEST, fakeHub, OTHER_DIGEST, TAG } from '../hub.fixture.ts'
import { startServer, until } from '../server.fixture.ts'

const MiB = 1024 * 1024

async function clientOf(v1: Partial<V1Hub>) {
  const hub = Object.assign(fakeHub(), { v1: v1 as V1Hub })
  const { url } = await startServer({ hub })
  return createClient(BlockAPI, createGrpcTransport({ baseUrl: url }))
}

async function codeOf(promise: Promise<unknown>): Promise<Code> {
  return promise.then(
    () => assert.fail('the call should have failed'),
    (error: unknown) => ConnectError.from(error).code,
  )
}

describe('BlockAPI', () => {
  it('stops reading when the client goes away', async () => {
    let read = 0
    let ended = false
    async function* endless() {
      try {
        for (;;) {
          yield Buffer.alloc(MiB / 4)
          read += MiB / 4
        }
      } finally {
        ended = true
      }
    }
    const client = await clientOf({
      openBlock: async () => ({ size: 2 ** 40, stays: true, owned: false, read: endless }),
    })
    const gone = new AbortController()
    let got = 0
    const reading = (async () => {
      for await (const { part } of client.download({ signature: 'x' }, { signal: gone.signal })) {
        got += part.length
        if (got === MiB) gone.abort()
      }
    })()
    assert.equal(await codeOf(reading), Code.Canceled)
    await until(() => ended, 'the end of the reading')
    assert.ok(read < 16 * MiB, `${read} bytes were read`)
  })

  it('gives an error in place of the rest when a read fails on the way', async () => {
    async function* failing() {
      yield Buffer.alloc(MiB)
      throw new AetherError('integrity', 'A chunk is damaged')
    }
    const client = await clientOf({
      openBlock: async () => ({ size: 2 * MiB, stays: true, owned: false, read: failing }),
    })
    let got = 0
    const reading = (async () => {
      for await (const { part } of client.download({ signature: 'x' })) got += part.length
    })()
    assert.equal(await codeOf(reading), Code.DataLoss)
    assert.equal(got, MiB)
  })

  it('tells of a block that is there before it takes it in', async () => {
    let asked = 0
    const client = await clientOf({
      stageBlock: () => Promise.reject(new AetherError('conflict', 'The block is there already')),
    })
    async function* endless() {
      for (; asked < 1000; asked++) yield { part: Buffer.alloc(MiB / 16) }
    }
    assert.equal(await codeOf(client.upload(endless())), Code.AlreadyExists)
    assert.ok(asked < 200, `${asked} parts were asked for`)
  })

  it('takes no message that is too long', async () => {
    const client = await clientOf({
      async stageBlock(_caller, body) {
        for await (const _ of body);
        return 'x'
      },
    })
    async function* long() {
      yield { part: Buffer.alloc(5 * MiB) }
    }
    assert.equal(await codeOf(client.upload(long())), Code.ResourceExhausted)
  })
})

describe('DatasetAPI.Subscribe', () => {
  it('goes on when the client has nothing more to say', async () => {
    let looks = 0
    const hub = Object.assign(
      fakeHub({
        async getTag() {
          looks++
          return { ...TAG, digest: looks < 40 ? DIGEST : OTHER_DIGEST }
        },
      }),
      { v1: { describe: async () => ({ files: [], blockSize: 1, blocks: [] }) } as Partial<V1Hub> as V1Hub },
    )
    const { url } = await startServer({ hub, limits: { bodyIdleTimeout: 20, tagInterval: 2 } })
    const client = createClient(DatasetAPI, createGrpcTransport({ baseUrl: url }))
    const silence = Promise.withResolvers<void>()
    async function* one() {
      yield { tag: { name: 'cities', version: 'latest' } }
      await silence.promise
    }
    let answers = 0
    for await (const _ of client.subscribe(one())) if (++answers === 2) break
    silence.resolve()
    assert.equal(looks, 40)
  })
})

describe('AgentAPI', () => {
  it('is for agents', async () => {
    const { url } = await startServer()
    const client = createClient(AgentAPI, createGrpcTransport({ baseUrl: url }))
    assert.equal(await codeOf(client.publish({ path: '/data', tags: ['geo:v1'] })), Code.Unimplemented)
    async function* one() {
      yield { subscription: { path: '/data' } }
    }
    assert.equal(await codeOf(Array.fromAsync(client.watchSubscription(one()))), Code.Unimplemented)
  })
})
