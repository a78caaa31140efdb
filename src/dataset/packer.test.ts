import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BLOCK_TARGET, type BuiltBlock, chunkIdAt, MAX_BLOCK, MAX_BLOCK_PLAIN } from '../core/block.ts'
import { type ChunkId, sha256Hex } from '../core/id.ts'
import { sampleBytes, sampleText } from '../core/sample.fixture.ts'
import { createPacker } from './packer.ts'
import { verifyBlock } from './verify-block.ts'

async function pack(pieces: Uint8Array[]) {
  const blocks: BuiltBlock[] = []
  const packer = createPacker(async (block) => void blocks.push(block))
  for (const bytes of pieces) {
    const id = sha256Hex(bytes) as ChunkId
    if (!packer.has(id)) await packer.add(id, bytes)
  }
  await packer.finish()
  return { blocks, packer }
}

describe('createPacker', () => {
  it('places every chunk in a block that passes the whole check', async () => {
    const pieces = Array.from({ length: 700 }, (_, i) => sampleBytes(30_000 + i * 10, `piece ${i}`))
    const { blocks, packer } = await pack(pieces)
    assert.ok(blocks.length >= 2)
    for (const { info, bytes } of blocks) assert.deepEqual(verifyBlock(info.id, bytes), info)
    assert.ok(blocks.every(({ bytes }) => bytes.length <= MAX_BLOCK))
    assert.ok(blocks[0]!.bytes.length >= BLOCK_TARGET)
    for (const bytes of pieces) {
      const id = sha256Hex(bytes) as ChunkId
      const { block, chunk } = packer.location(id)!
      const built = blocks.find(({ info }) => info === block.info)!
      assert.equal(chunkIdAt(built.index, chunk), id)
    }
  })

  it('closes blocks of bytes that compress well before they hold too many', async () => {
    const { blocks } = await pack(Array.from({ length: 300 }, (_, i) => sampleText(250_000, `text ${i}`)))
    assert.ok(blocks.length > 1)
    for (const { index } of blocks) assert.ok(index.chunkStart.at(-1)! <= MAX_BLOCK_PLAIN)
  })

  it('delivers nothing when there is nothing', async () => assert.deepEqual((await pack([])).blocks, []))

  it('passes on what delivery meets', async () => {
    const packer = createPacker(async () => {
      throw new Error('no room')
    })
    await packer.add(sha256Hex('a') as ChunkId, Buffer.from('a'))
    await assert.rejects(packer.finish(), /no room/)
  })
})
