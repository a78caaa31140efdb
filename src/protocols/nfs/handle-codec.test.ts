import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Digest } from '../../core/id.ts'
import { createHandleCodec, type HashedPlace, MAX_HANDLE_BYTES } from './handle-codec.ts'
import { STATUS } from './program.ts'

const codec = createHandleCodec(Buffer.alloc(32, 1))
const hex = (bytes: number) => fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((value) => value.toHex())
const name = hex(8)
const anyPlace: fc.Arbitrary<HashedPlace> = fc.oneof(
  fc.constant({ level: 'root' as const }),
  fc.record({ level: fc.constant('scope' as const), scope: name }),
  fc.record({ level: fc.constantFrom('dataset' as const, 'digests' as const), dataset: name }),
  fc.record({ level: fc.constant('tag' as const), dataset: name, tag: name }),
  fc.record({
    level: fc.constant('snapshot' as const),
    dataset: name,
    digest: hex(32) as fc.Arbitrary<Digest>,
    index: fc.nat(2 ** 32 - 1),
    depth: fc.nat(2 ** 16 - 1),
  }),
)
const refused = { status: STATUS.badHandle }

describe('handles', () => {
  it('lead back to their place, within 64 bytes', () => {
    fc.assert(
      fc.property(anyPlace, (place) => {
        const { handle, fileId } = codec.encode(place)
        assert.ok(handle.length <= MAX_HANDLE_BYTES)
        assert.deepEqual({ ...codec.decode(handle) }, { ...place }) // whatever their prototypes
        assert.equal(codec.encode(place).fileId, fileId)
        assert.ok(fileId < 2n ** 63n)
      }),
    )
  })

  it('are refused when anything of them was changed, or when others made them', () => {
    const others = createHandleCodec(Buffer.alloc(32, 2))
    fc.assert(
      fc.property(anyPlace, fc.nat(), fc.nat(7), (place, at, bit) => {
        const { handle } = codec.encode(place)
        assert.throws(() => others.decode(handle), refused)
        handle[at % handle.length]! ^= 1 << bit
        assert.throws(() => codec.decode(handle), refused)
        assert.throws(() => codec.decode(handle.subarray(0, at % handle.length)), refused)
      }),
    )
  })

  it('are refused when they are noise', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (noise) => {
        assert.throws(() => codec.decode(noise), refused)
      }),
    )
  })

  it('have hashes of names that can be cookies', () => {
    for (const text of ['', 'latest', 'geo']) {
      const cookie = BigInt(`0x${codec.hashOf(text)}`)
      assert.ok(cookie >= 2n ** 62n && cookie < 2n ** 63n)
      assert.equal(cookie.toString(16), codec.hashOf(text))
    }
  })
})
