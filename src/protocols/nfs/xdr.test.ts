import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createXdrReader, type XdrReader } from './xdr-reader.ts'
import { createXdrWriter, type XdrWriter } from './xdr-writer.ts'

type Value =
  | { kind: 'u32'; value: number }
  | { kind: 'u64'; value: bigint }
  | { kind: 'bool'; value: boolean }
  | { kind: 'fixed'; value: Uint8Array }
  | { kind: 'opaque'; value: Uint8Array }
  | { kind: 'pieces'; value: Uint8Array[] }

const bytes = fc.uint8Array({ maxLength: 600 })
const anyValue: fc.Arbitrary<Value> = fc.oneof(
  fc.record({ kind: fc.constant('u32' as const), value: fc.nat(2 ** 32 - 1) }),
  fc.record({ kind: fc.constant('u64' as const), value: fc.bigInt(0n, 2n ** 64n - 1n) }),
  fc.record({ kind: fc.constant('bool' as const), value: fc.boolean() }),
  fc.record({ kind: fc.constant('fixed' as const), value: bytes }),
  fc.record({ kind: fc.constant('opaque' as const), value: bytes }),
  fc.record({ kind: fc.constant('pieces' as const), value: fc.array(bytes, { maxLength: 3 }) }),
)

function write(out: XdrWriter, { kind, value }: Value): void {
  if (kind === 'u32') out.u32(value)
  else if (kind === 'u64') out.u64(value)
  else if (kind === 'bool') out.bool(value)
  else if (kind === 'fixed') out.fixed(value)
  else if (kind === 'opaque') out.opaque(value)
  else out.opaqueOf(value)
}

function check(reader: XdrReader, { kind, value }: Value): void {
  if (kind === 'u32') assert.equal(reader.u32(), value)
  else if (kind === 'u64') assert.equal(reader.u64(), value)
  else if (kind === 'bool') assert.equal(reader.bool(), value)
  else if (kind === 'fixed') assert.deepEqual(Buffer.from(reader.fixed(value.length)), Buffer.from(value))
  else if (kind === 'opaque') assert.deepEqual(Buffer.from(reader.opaque(600)), Buffer.from(value))
  else assert.deepEqual(Buffer.from(reader.opaque(1800)), Buffer.concat(value))
}

function encode(values: readonly Value[]): Buffer {
  const out = createXdrWriter()
  for (const value of values) write(out, value)
  const length = out.length
  const whole = Buffer.concat(out.parts())
  assert.equal(whole.length, length)
  return whole
}

describe('XDR', () => {
  it('reads what was written, all of it', () => {
    fc.assert(
      fc.property(fc.array(anyValue, { maxLength: 12 }), (values) => {
        const whole = encode(values)
        assert.equal(whole.length % 4, 0)
        const reader = createXdrReader(whole)
        for (const value of values) check(reader, value)
        assert.throws(() => reader.u32(), { code: 'invalid' })
      }),
    )
  })

  it('refuses values that are cut off', () => {
    fc.assert(
      fc.property(anyValue, fc.nat(), (value, chance) => {
        const whole = encode([value])
        fc.pre(whole.length > 0)
        const short = whole.subarray(0, chance % whole.length)
        assert.throws(() => check(createXdrReader(short), value), { code: 'invalid' })
      }),
    )
  })

  it('refuses lengths that lie, before memory is taken for them', () => {
    for (const length of [5, 2 ** 31, 2 ** 32 - 1]) {
      const lie = Buffer.alloc(8)
      lie.writeUInt32BE(length)
      assert.throws(() => createXdrReader(lie).opaque(2 ** 32), { code: 'invalid', message: /are announced and 4 are/ })
    }
    assert.throws(() => createXdrReader(encode([{ kind: 'opaque', value: new Uint8Array(9) }])).opaque(8), {
      code: 'invalid',
      message: /9 bytes are announced where 8 may be/,
    })
    assert.throws(() => createXdrReader(encode([{ kind: 'u32', value: 2 }])).bool(), { code: 'invalid' })
  })
})
