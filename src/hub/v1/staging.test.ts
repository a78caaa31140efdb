import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sampleBytes } from '../../core/sample.fixture.ts'
import { createMemoryStorage } from '../../storage/memory.ts'
import type { Storage } from '../../storage/storage.ts'
import type { Signature } from './signature.ts'
import { PART_BYTES } from './staged-block.ts'
import { createStaging, type Staging } from './staging.ts'

const HOUR = 3600 * 1000
const [ANN, BOB] = ['a'.repeat(32), 'b'.repeat(32)]
const BYTES = sampleBytes(PART_BYTES + 100_000, 'block')

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 70_000) yield bytes.subarray(at, at + 70_000)
}

function opened(): { storage: Storage; staging: Staging; pass(ms: number): void } {
  const storage = createMemoryStorage()
  let later = 0
  const staging = createStaging(storage, () => Date.now() + later)
  const pass = (ms: number) => {
    later += ms
  }
  return { storage, staging, pass }
}

async function read(staging: Staging, signature: Signature, offset: number, length: number): Promise<Buffer> {
  const block = await staging.find(ANN, signature)
  return Buffer.concat(await Array.fromAsync(block!.read(offset, length)))
}

async function keysOf(storage: Storage): Promise<string[]> {
  return (await storage.list({ prefix: 'staging/' })).objects.map(({ key }) => key)
}

describe('staging', () => {
  it('keeps a block in parts, and reads any range of it', async () => {
    const { staging, storage } = opened()
    const signature = await staging.stage(ANN, pieces(BYTES), { size: BYTES.length })
    assert.equal((await keysOf(storage)).length, 3)
    for (const [offset, length] of [
      [0, BYTES.length],
      [0, 1],
      [PART_BYTES - 1, 2],
      [PART_BYTES - 100_000, 200_000],
      [BYTES.length - 1, 1],
      [65_536, 65_536],
    ] as const)
      assert.ok((await read(staging, signature, offset, length)).equals(BYTES.subarray(offset, offset + length)))
  })

  it('is for each caller alone', async () => {
    const { staging } = opened()
    const signature = await staging.stage(ANN, pieces(BYTES), {})
    assert.equal(await staging.find(BOB, signature), undefined)
    assert.equal(await staging.stage(BOB, pieces(BYTES), {}), signature)
  })

  it('leaves nothing behind of an upload that fails', async () => {
    const { staging, storage } = opened()
    async function* broken() {
      yield* pieces(BYTES)
      throw new Error('the client went away')
    }
    await assert.rejects(staging.stage(ANN, broken(), {}), /went away/)
    await assert.rejects(staging.stage(ANN, pieces(BYTES), { size: 10 }), { code: 'integrity' })
    await assert.rejects(staging.stage(ANN, pieces(BYTES), { size: 2 ** 31 }), { code: 'too-large' })
    assert.deepEqual(await keysOf(storage), [])
    await staging.stage(ANN, pieces(BYTES), {})
    await assert.rejects(staging.stage(ANN, pieces(BYTES), {}), { code: 'conflict' })
    assert.equal((await keysOf(storage)).length, 3)
  })

  it('gives no byte that is not what was uploaded', async () => {
    const { staging, storage } = opened()
    const signature = await staging.stage(ANN, pieces(BYTES), {})
    const [name = '', part = ''] = await keysOf(storage)
    const bytes = Buffer.from((await storage.get(part)).bytes)
    bytes[200_000]! ^= 1
    await storage.put(part, bytes)
    await assert.rejects(read(staging, signature, 0, BYTES.length), { code: 'integrity' })
    assert.equal((await read(staging, signature, 0, 10)).length, 10)
    await storage.put(part, bytes.subarray(0, 100_000))
    await assert.rejects(read(staging, signature, 0, BYTES.length), { code: 'integrity' })
    await storage.delete(part)
    await assert.rejects(read(staging, signature, 0, BYTES.length), { code: 'not-found', message: /kept no more/ })
    await storage.put(name, Buffer.from('{}'))
    assert.equal(await staging.find(ANN, signature), undefined)
    assert.equal(await staging.stage(ANN, pieces(BYTES), {}), signature)
  })

  it('asks for a block again when half of its time is over, and forgets it when all is', async () => {
    const { staging, storage, pass } = opened()
    const signature = await staging.stage(ANN, pieces(BYTES), {})
    assert.equal((await staging.find(ANN, signature))?.stays, true)
    pass(13 * HOUR)
    assert.equal((await staging.find(ANN, signature))?.stays, false)
    pass(12 * HOUR)
    assert.equal(await staging.find(ANN, signature), undefined)
    pass(24 * HOUR)
    await staging.stage(BOB, pieces(Buffer.from('x')), {}) // removes what has expired
    assert.deepEqual(
      (await keysOf(storage)).filter((key) => key.includes(ANN)),
      [],
    )
  })

  it('bounds what one caller may leave', async () => {
    const memory = createMemoryStorage()
    const full: Storage = {
      ...memory,
      list: async (options) => {
        const { objects, ...page } = await memory.list(options)
        return { ...page, objects: objects.map((info) => ({ ...info, size: info.size * 2 ** 20 })) } // as if
      },
    }
    const before = createStaging(full, Date.now)
    await before.stage(ANN, pieces(sampleBytes(100_000, 'a')), {})
    const staging = createStaging(full, Date.now)
    await assert.rejects(staging.stage(ANN, pieces(sampleBytes(10, 'b')), {}), { code: 'too-large', message: /wait/ })
    await staging.stage(BOB, pieces(sampleBytes(10, 'b')), {})
  })
})
