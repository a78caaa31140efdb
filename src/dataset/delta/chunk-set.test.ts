import assert from 'node:assert/strict'
import { it } from 'node:test'
import { type ChunkId, sha256Hex } from '../../core/id.ts'
import { createChunkSet } from './chunk-set.ts'

it('createChunkSet knows what was added and nothing else, however much that is', () => {
  const set = createChunkSet()
  const ids = Array.from({ length: 20_000 }, (_, i) => sha256Hex(String(i)) as ChunkId)
  for (let at = 0; at < 10_000; at += 1000) set.addAll(Buffer.from(ids.slice(at, at + 1000).join(''), 'hex'))
  set.addAll(Buffer.from(ids[0]!, 'hex'))
  assert.ok(ids.slice(0, 10_000).every((id) => set.has(id)))
  assert.ok(!ids.slice(10_000).some((id) => set.has(id)))
})
