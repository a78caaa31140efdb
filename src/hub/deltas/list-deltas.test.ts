import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Digest, sha256Hex } from '../../core/id.ts'
import type { DatasetName } from '../../core/names.ts'
import { keys } from '../../storage/keys.ts'
import { ANONYMOUS } from '../hub.ts'
import { buildSnapshot } from '../snapshot.fixture.ts'
import { GEO, openDeltaHub, publish } from './deltas.fixture.ts'

describe('getSnapshot', () => {
  it('lists the deltas out of the snapshot and into it, of its dataset alone', async () => {
    const { hub, storage } = await openDeltaHub()
    const [one, two, three] = await Promise.all([{ a: '1' }, { a: '2' }, { a: '3' }].map(buildSnapshot))
    const [a, b, c] = [one!, two!, three!].map(({ record }) => record.digest) as [Digest, Digest, Digest]
    await publish(hub, [one!, two!, three!])
    const other = sha256Hex('of another dataset') as Digest
    for (const [from, to] of [
      [a, b],
      [b, c],
      [b, a],
    ] as const)
      await storage.put(keys.delta(GEO, from, to), Buffer.from('a delta'))
    await storage.put(keys.delta('others' as DatasetName, b, other), Buffer.from('of another'))
    await storage.put(`${keys.deltasFrom(GEO, b)}README`, Buffer.from('x'))
    const { deltas } = await hub.getSnapshot(ANONYMOUS, GEO, b)
    const out = [a, c].sort().map((to) => ({ from: b, to, size: 7 }))
    assert.deepEqual(deltas, [{ from: a, to: b, size: 7 }, ...out])
    await publish(hub, [two!], 'other' as DatasetName)
    assert.deepEqual((await hub.getSnapshot(ANONYMOUS, 'other' as DatasetName, b)).deltas, [])
  })
})
