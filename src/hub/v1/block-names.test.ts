import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Digest, sha256Hex } from '../../core/id.ts'
import type { DatasetName } from '../../core/names.ts'
import { createBlockNames } from './block-names.ts'
import { MAX_BLOCK_SIZE } from './cuts.ts'

const part = fc.stringMatching(/^[a-z0-9]([a-z0-9._-]{0,126}[a-z0-9])?$/)
const anyCut = fc.record({
  dataset: fc.oneof(
    part,
    fc.tuple(part, part).map(([scope, name]) => `@${scope}/${name}`),
  ) as fc.Arbitrary<DatasetName>,
  digest: fc.string().map((text) => sha256Hex(text) as Digest),
  blockSize: fc.integer({ min: 1, max: MAX_BLOCK_SIZE }),
  index: fc.nat(65_535),
})
const names = createBlockNames(Buffer.alloc(32, 1))

describe('names of blocks', () => {
  it('say which cut they are of, and fit into a path', () => {
    fc.assert(
      fc.property(anyCut, (cut) => {
        const name = names.encode(cut)
        assert.deepEqual(names.decode(name), { ...cut })
        assert.match(name, /^v2\.[A-Za-z0-9_-]+$/)
        assert.ok(name.length <= 425)
      }),
    )
  })

  it('cannot be made or changed by others', () => {
    const foreign = createBlockNames(Buffer.alloc(32, 2))
    fc.assert(
      fc.property(anyCut, fc.nat(), fc.integer({ min: 1, max: 255 }), (cut, at, change) => {
        const name = names.encode(cut)
        assert.equal(foreign.decode(name), undefined)
        const bytes = Buffer.from(name.slice(3), 'base64url')
        bytes[at % bytes.length]! ^= change
        assert.equal(names.decode(`v2.${bytes.toString('base64url')}`), undefined)
        assert.equal(names.decode(name.slice(0, -1)), undefined)
        assert.equal(names.decode(`${name}=`), undefined)
      }),
    )
  })

  it('are no other text', () => {
    fc.assert(fc.property(fc.string({ maxLength: 600 }), (text) => names.decode(`v2.${text}`) === undefined))
    fc.assert(fc.property(fc.base64String({ maxLength: 600 }), (text) => names.decode(`v2.${text}`) === undefined))
  })
})
