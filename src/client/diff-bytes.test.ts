import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DatasetName } from '../core/names.ts'
import type { DiffBytes } from './client.ts'
import { createClient } from './index.ts'
import type { Tree } from './pull/testing/memory-hub.fixture.ts'
import { createPulling } from './pull/testing/pulling.fixture.ts'
import { file, noise, temporaryFolder } from './pull/testing/trees.fixture.ts'

const MIB = 1024 * 1024

const OLD: Tree = {
  'a/big.bin': file(noise(1, 3 * MIB)),
  'a/same.bin': file(noise(2, MIB)),
  'b/gone': file('gone'),
  'c/note': file('a note'),
  'c/other note': file('another note'),
}

function changed(): Tree {
  const big = Buffer.from(noise(1, 3 * MIB))
  big[MIB]! ^= 1
  const { 'b/gone': _, ...kept } = OLD
  return { ...kept, 'a/big.bin': file(big), 'b/new.bin': file(noise(3, MIB)), 'c/note': file('a nota') }
}

describe('diffBytes', () => {
  function comparing(t: Parameters<typeof createPulling>[0]) {
    const { hub, pull, sentBytes } = createPulling(t)
    const client = createClient({ cacheFolder: temporaryFolder(t) }, () => hub.connection)
    return { hub, pull, sentBytes, client }
  }

  const movedOf = ({ differences }: DiffBytes, path: string) => differences.find((one) => one.path === path)!.moved

  it('says for each file what lies in new chunks, and what chunks and a delta move', async (t) => {
    const { hub, client } = comparing(t)
    hub.offersDeltas = true
    await hub.publish('db:v1', OLD)
    await hub.publish('db:v2', changed())
    const result = await client.diffBytes('db:v1', 'db:v2')
    const paths = ['a/big.bin', 'b/gone', 'b/new.bin', 'c/note']
    assert.deepEqual(
      result.differences.map(({ path }) => path),
      paths,
    )
    const [big, fresh, note] = ['a/big.bin', 'b/new.bin', 'c/note'].map((path) => movedOf(result, path))
    assert.ok(big!.changed >= 32 * 1024 && big!.changed <= 512 * 1024, `${big!.changed} bytes in new chunks`)
    assert.ok(big!.chunks >= big!.changed && big!.chunks < MIB, `${big!.chunks} bytes of chunks`)
    assert.ok(big!.delta! > 0 && big!.delta! < 2000, `${big!.delta} bytes of delta`)
    assert.equal(fresh!.changed, MIB)
    assert.ok(fresh!.delta! > MIB - 4096)
    assert.equal(note!.changed, 6)
    assert.deepEqual(movedOf(result, 'b/gone'), { changed: 0, chunks: 0, delta: 0 })
  })

  it('adds up to what an update really moves', async (t) => {
    const { hub, pull, sentBytes, client } = comparing(t)
    await hub.publish('db:latest', OLD)
    await hub.publish('db:v1', OLD)
    await pull('db')
    await hub.publish('db:latest', changed())
    const byChunks = await client.diffBytes('db:v1', 'db:latest')
    sentBytes()
    const tails = [...hub.blocks.values()].reduce((sum, { info }) => sum + info.tailSize, 0)
    await pull('db', { gap: 0 })
    const moved = sentBytes()
    assert.ok(byChunks.total.chunks <= moved && byChunks.total.chunks >= moved - tails, `${moved} bytes`)
    assert.equal(byChunks.total.delta, undefined, 'the hub has none')
    hub.offersDeltas = true
    const { total, rest, differences } = await client.diffBytes('db:v1', 'db:latest')
    const [from, to] = await Promise.all([client.resolve('db:v1'), client.resolve('db:latest')])
    const range = { offset: 0, length: 8 * MIB }
    const { size } = await hub.connection.readDelta('db' as DatasetName, to.digest, from.digest, range)
    assert.equal(total.delta, size)
    for (const kind of ['changed', 'chunks', 'delta'] as const)
      assert.equal(
        differences.reduce((sum, { moved }) => sum + moved[kind]!, rest[kind]!),
        total[kind],
        kind,
      )
  })

  it('finds nothing to move between a snapshot and itself, and no delta between datasets', async (t) => {
    const { hub, client } = comparing(t)
    hub.offersDeltas = true
    for (const tag of ['db:v1', 'db:v2', 'other:v1']) await hub.publish(tag, OLD)
    await hub.publish('other:v2', changed())
    const nothing = { changed: 0, chunks: 0, delta: undefined }
    assert.deepEqual(await client.diffBytes('db:v1', 'db:v2'), { differences: [], rest: nothing, total: nothing })
    assert.equal((await client.diffBytes('db:v1', 'other:v2')).total.delta, undefined)
  })

  it('refuses a delta that is damaged, or another than the one it asked for', async (t) => {
    const { hub, client } = comparing(t)
    hub.offersDeltas = true
    await hub.publish('db:v1', OLD)
    await hub.publish('db:v2', changed())
    for (const at of [40, 100, -1]) {
      hub.onDelta = (delta) => Uint8Array.from(delta).with(at, 7)
      await assert.rejects(client.diffBytes('db:v1', 'db:v2'), { code: 'integrity' }, `at ${at}`)
    }
  })
})
