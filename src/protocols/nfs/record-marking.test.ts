import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createRecordAssembler, frameRecord } from './record-marking.ts'

function fragment(bytes: Uint8Array, isLast: boolean): Buffer {
  const header = Buffer.alloc(4)
  header.writeUInt32BE(bytes.length + (isLast ? 2 ** 31 : 0))
  return Buffer.concat([header, bytes])
}

function assemble(pieces: readonly Uint8Array[], maxBytes = 1000): Buffer[] {
  const assembler = createRecordAssembler(maxBytes)
  return pieces.flatMap((piece) => [...assembler.push(piece)])
}

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = []
  let rest = bytes
  for (const size of sizes) {
    pieces.push(rest.subarray(0, size))
    rest = rest.subarray(size)
  }
  return [...pieces, rest]
}

describe('record marking', () => {
  const fragments = fc.array(fc.uint8Array({ maxLength: 100 }), { minLength: 1, maxLength: 5 })

  it('gives records whole, however they are cut into fragments and come from the network', () => {
    fc.assert(
      fc.property(fc.array(fragments, { maxLength: 5 }), fc.array(fc.nat(150)), (records, sizes) => {
        const wire = records.flatMap((parts) => parts.map((part, i) => fragment(part, i === parts.length - 1)))
        const whole = assemble(cut(Buffer.concat(wire), sizes))
        assert.deepEqual(
          whole,
          records.map((parts) => Buffer.concat(parts)),
        )
      }),
    )
  })

  it('frames a record as one fragment', () => {
    const [record] = assemble([Buffer.concat(frameRecord([Buffer.from('ab'), Buffer.from('c')]))])
    assert.equal(record!.toString(), 'abc')
  })

  it('refuses records that are too large, by what they announce', () => {
    const header = fragment(Buffer.alloc(0), true)
    header.writeUInt32BE(2 ** 31 + 1001)
    assert.throws(() => assemble([header]), { code: 'too-large' })
    assert.throws(() => assemble([fragment(Buffer.alloc(600), false), fragment(Buffer.alloc(600), true)]), {
      code: 'too-large',
    })
  })

  it('refuses fragments without end', () => {
    const empty = fragment(Buffer.alloc(0), false)
    assert.throws(() => assemble(Array.from({ length: 100 }, () => empty)), { code: 'too-large', message: /fragments/ })
  })
})
