import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { verifyBlock } from '../dataset/verify-block.ts'
import {
  type BlockIndex,
  CODEC_STORED,
  CODEC_ZSTD,
  chunkCount,
  chunkIdAt,
  createBlockBuilder,
  decodeTail,
  encodeTail,
  FOOTER_BYTES,
  type Frame,
  frameOfChunk,
  MAX_BLOCK_PLAIN,
  tailSize,
} from './block.ts'
import { AetherError } from './errors.ts'
import { decodeFrame, decodeFrameSync, encodeFrame } from './frame.ts'
import { type BlockId, type ChunkId, sha256Hex } from './id.ts'
import { sampleBytes, sampleText } from './sample.fixture.ts'

function frameOf(pieces: Uint8Array[]): Promise<Frame> {
  return encodeFrame(
    Buffer.concat(pieces),
    pieces.map((bytes) => ({ id: sha256Hex(bytes) as ChunkId, length: bytes.length })),
  )
}

async function blockOf(...frames: Uint8Array[][]) {
  const builder = createBlockBuilder()
  for (const pieces of frames) builder.add(await frameOf(pieces))
  return builder.finish()
}

/** A block whose tail says `frames`, around the given bytes. */
function forged(stored: Uint8Array, frames: Frame[]): { id: BlockId; bytes: Buffer } {
  const bytes = Buffer.concat([stored, encodeTail(frames)])
  return { id: sha256Hex(bytes) as BlockId, bytes }
}

describe('blocks', () => {
  it('hold what was put in, and pass the whole check', async () => {
    const { info, bytes, index } = await blockOf(
      [sampleText(40_000, 'a'), sampleText(50_000, 'b')],
      [sampleBytes(70_000, 'c')],
    )
    assert.deepEqual(verifyBlock(info.id, bytes), info)
    assert.equal(info.id, sha256Hex(bytes))
    assert.equal(chunkCount(index), 3)
    assert.deepEqual([...index.chunkStart], [0, 40_000, 90_000, 160_000])
    assert.deepEqual(
      [0, 1, 2].map((chunk) => frameOfChunk(index, chunk)),
      [0, 0, 1],
    )
    assert.equal(chunkIdAt(index, 2), sha256Hex(sampleBytes(70_000, 'c')))
    assert.deepEqual([...index.frameCodec], [CODEC_ZSTD, CODEC_STORED])
    assert.equal(info.tailSize, tailSize(bytes.subarray(-FOOTER_BYTES), bytes.length))
  })

  it('never pass the check under their id with a bit flipped, cut short or made longer', async () => {
    const { info, bytes } = await blockOf([sampleText(3000, 'a')], [sampleBytes(500, 'b')])
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
        const damaged = Buffer.from(bytes)
        damaged[bit >> 3] = damaged[bit >> 3]! ^ (1 << (bit & 7))
        assert.throws(() => verifyBlock(info.id, damaged), { code: 'integrity' })
        // Under the id of the damaged bytes themselves it may pass only because every chunk still is what its name says.
        try {
          verifyBlock(sha256Hex(damaged) as BlockId, damaged)
        } catch (error) {
          assert.ok(error instanceof AetherError && ['integrity', 'invalid'].includes(error.code), String(error))
        }
      }),
      { numRuns: 600 },
    )
    for (const length of [0, 5, 16, 17, bytes.length - 1])
      assert.throws(() => verifyBlock(info.id, bytes.subarray(0, length)), { code: 'integrity' })
    assert.throws(() => verifyBlock(info.id, Buffer.concat([bytes, Buffer.from('x')])), { code: 'integrity' })
  })

  const plain = sampleText(1000, 'x')
  const id = sha256Hex(plain) as ChunkId
  const bomb = zstdCompressSync(Buffer.alloc(200_000_000))
  const lies: [string, () => { id: BlockId; bytes: Buffer }, RegExp][] = [
    [
      'a frame that decodes to more than it declares',
      () => forged(bomb, [{ codec: CODEC_ZSTD, bytes: bomb, chunks: [{ id, length: 1000 }] }]),
      /does not decode|holds/,
    ],
    [
      'a frame that decodes to less',
      () => {
        const packed = zstdCompressSync(plain.subarray(0, 999))
        return forged(packed, [{ codec: CODEC_ZSTD, bytes: packed, chunks: [{ id, length: 1000 }] }])
      },
      /holds 999 bytes where its index says 1000/,
    ],
    [
      'a chunk with a wrong id',
      () =>
        forged(plain, [
          { codec: CODEC_STORED, bytes: plain, chunks: [{ id: '00'.repeat(32) as ChunkId, length: 1000 }] },
        ]),
      /does not have the bytes/,
    ],
    [
      'a chunk that is too long',
      () => forged(plain, [{ codec: CODEC_ZSTD, bytes: plain, chunks: [{ id, length: 300_000 }] }]),
      /a chunk has 300000 bytes/,
    ],
    [
      'a chunk without bytes',
      () =>
        forged(plain, [
          {
            codec: CODEC_STORED,
            bytes: plain,
            chunks: [
              { id, length: 1000 },
              { id, length: 0 },
            ],
          },
        ]),
      /a chunk has 0 bytes/,
    ],
    [
      'a frame with too many plain bytes',
      () =>
        forged(plain, [
          {
            codec: CODEC_ZSTD,
            bytes: plain,
            chunks: [
              { id, length: 200_000 },
              { id, length: 200_000 },
            ],
          },
        ]),
      /over 262144 plain bytes/,
    ],
    [
      'frames that do not fill it',
      () =>
        forged(Buffer.concat([plain, plain]), [{ codec: CODEC_STORED, bytes: plain, chunks: [{ id, length: 1000 }] }]),
      /do not fill it/,
    ],
    [
      'a stored frame of another length',
      () => forged(plain, [{ codec: CODEC_STORED, bytes: plain, chunks: [{ id, length: 900 }] }]),
      /not as long as its chunks/,
    ],
    [
      'an unknown codec',
      () => forged(plain, [{ codec: 7 as 1, bytes: plain, chunks: [{ id, length: 1000 }] }]),
      /unknown codec 7/,
    ],
    [
      'a frame without chunks',
      () => forged(plain, [{ codec: CODEC_STORED, bytes: plain, chunks: [] }]),
      /a frame has 0 chunks/,
    ],
    [
      'too many chunks',
      () => {
        const chunks = Array.from({ length: 70_000 }, () => ({ id, length: 1 }))
        return forged(plain, [{ codec: CODEC_ZSTD, bytes: plain, chunks }])
      },
      /a frame has 70000 chunks/,
    ],
    ['no frames', () => forged(plain, []), /announces 0 frames/],
  ]
  for (const [name, make, reason] of lies) {
    it(`are refused with ${name}`, () => {
      const { id: block, bytes } = make()
      assert.throws(() => verifyBlock(block, bytes), { code: 'integrity', message: reason })
    })
  }

  it('are refused with more plain bytes than a block may have', () => {
    const many = Array.from(
      { length: 257 },
      () => ({ codec: CODEC_ZSTD, bytes: plain, chunks: [{ id, length: 262_144 }] }) as Frame,
    )
    assert.ok(257 * 262_144 > MAX_BLOCK_PLAIN)
    const { id: block, bytes } = forged(Buffer.concat(many.map((f) => f.bytes)), many)
    assert.throws(() => verifyBlock(block, bytes), { code: 'integrity', message: /over 67108864 plain bytes/ })
  })

  it('are refused with an unknown format version or a wrong index length', async () => {
    const { bytes } = await blockOf([plain])
    const newer = Buffer.from(bytes)
    newer.writeUInt32LE(9, newer.length - 8)
    assert.throws(() => verifyBlock(sha256Hex(newer) as BlockId, newer), /format version 9/)
    const longer = Buffer.from(bytes)
    longer.writeUInt32LE(0x7fffffff, longer.length - 16)
    assert.throws(() => verifyBlock(sha256Hex(longer) as BlockId, longer), /index is longer/)
  })

  it('give every decoder of tails an explained error for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 0, max: 500 }), (bytes, size) => {
        const tail = Buffer.concat([
          bytes,
          Buffer.from([bytes.length, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]),
          Buffer.from('AFSB'),
        ])
        try {
          const index: BlockIndex = decodeTail(tail, size + tail.length)
          assert.ok(chunkCount(index) > 0)
        } catch (error) {
          assert.ok(error instanceof AetherError, String(error))
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('frames', () => {
  it('decode to what was encoded, on either thread', async () => {
    for (const plain of [sampleText(262_144, 'x'), sampleBytes(262_144, 'y'), Buffer.from('z')]) {
      const { codec, bytes } = await frameOf([plain])
      assert.ok(Buffer.from(decodeFrameSync(codec, bytes, plain.length)).equals(plain))
      assert.ok(Buffer.from(await decodeFrame(codec, bytes, plain.length)).equals(plain))
    }
  })

  it('are refused when they ask for a window larger than a frame', async () => {
    const { constants } = await import('node:zlib')
    const wide = zstdCompressSync(sampleText(3_000_000, 'w'), { params: { [constants.ZSTD_c_windowLog]: 24 } })
    await assert.rejects(decodeFrame(CODEC_ZSTD, wide, 262_144), { code: 'integrity' })
  })
})
