// Fuzzing of what core reads: docs/format.md is the law for each.
import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import {
  type BlockIndex,
  type Codec,
  chunkIdAt,
  chunkLengthAt,
  decodeTail,
  encodeTail,
  type Frame,
  frameCount,
} from '../../src/core/block.ts'
import { type BlockId, parseDigest, sha256Hex } from '../../src/core/id.ts'
import { decodeListing, encodeListing } from '../../src/core/listing.ts'
import { parseDatasetName, parseTagName } from '../../src/core/names.ts'
import { decodeRecord, encodeRecord } from '../../src/core/record.ts'
import { formatReference, parseReference } from '../../src/core/reference.ts'
import { decodeTimes, encodeTimes } from '../../src/core/times.ts'
import { verifyBlock } from '../../src/dataset/verify-block.ts'
import { fuzz } from './fuzz.fixture.ts'

describe('fuzzing', () => {
  fuzz('references', {
    corpus: 'reference',
    codes: ['invalid'],
    parse(bytes) {
      const text = bytes.toString()
      assert.equal(formatReference(parseReference(text)), text)
    },
  })

  fuzz('names and digests', {
    corpus: 'name',
    codes: ['invalid'],
    parse(bytes, random) {
      const text = bytes.toString()
      const parse = random.pick([parseDatasetName, parseTagName, (digest: string) => `sha256:${parseDigest(digest)}`])
      assert.equal(parse(text), text)
    },
  })

  fuzz('listings', {
    corpus: 'listing',
    codes: ['invalid'],
    parse: (bytes) => assert.ok(encodeListing(decodeListing(bytes)).equals(bytes)),
  })

  fuzz('times', {
    corpus: 'times',
    codes: ['invalid'],
    parse(bytes, random) {
      const count = random.chance(0.7) ? countVarints(bytes) : random.int(0, 100)
      assert.ok(encodeTimes(decodeTimes(bytes, count)).equals(bytes))
    },
  })

  fuzz('records', {
    corpus: 'record',
    codes: ['invalid'],
    parse(bytes) {
      const record = decodeRecord(bytes)
      assert.deepEqual(decodeRecord(encodeRecord(record)), record)
    },
  })

  fuzz('records below their packing', {
    corpus: 'record-plain',
    codes: ['invalid'],
    parse(bytes) {
      const record = decodeRecord(Buffer.concat([Buffer.from('AFSR\x01'), zstdCompressSync(bytes)]))
      assert.deepEqual(decodeRecord(encodeRecord(record)), record)
    },
  })

  fuzz('tails of blocks', {
    corpus: 'tail',
    codes: ['integrity', 'invalid'],
    parse(bytes, random) {
      const size = random.pick([bytes.length, bytes.length + 1000, bytes.length + framesLength(bytes)])
      const index = decodeTail(bytes, size)
      assert.ok(encodeTail(framesOf(index)).equals(bytes))
    },
  })

  fuzz('blocks', {
    corpus: 'block',
    codes: ['integrity', 'invalid'],
    parse(bytes) {
      const info = verifyBlock(sha256Hex(bytes) as BlockId, bytes)
      assert.equal(info.size, bytes.length)
    },
  })
})

/** So many times there may be in these bytes. */
function countVarints(bytes: Uint8Array): number {
  return bytes.filter((byte) => byte < 128).length
}

/** What the numbers of a tail say that its frames have; any number will do where they say nothing. */
function framesLength(tail: Buffer): number {
  for (let size = tail.length; size < tail.length + 400; size++) {
    try {
      decodeTail(tail, size)
      return size - tail.length
    } catch (error) {
      if (!(error as Error).message.includes('frames do not fill')) return 0
    }
  }
  return 0
}

function framesOf(index: BlockIndex): Frame[] {
  return Array.from({ length: frameCount(index) }, (_, frame) => {
    const [first, end] = [index.frameFirst[frame]!, index.frameFirst[frame + 1]!]
    const chunks = Array.from({ length: end - first }, (_, i) => ({
      id: chunkIdAt(index, first + i),
      length: chunkLengthAt(index, first + i),
    }))
    const bytes = new Uint8Array(index.frameStart[frame + 1]! - index.frameStart[frame]!)
    return { codec: index.frameCodec[frame] as Codec, bytes, chunks }
  })
}
