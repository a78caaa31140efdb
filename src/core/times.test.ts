import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { clampMicros, createTimesDecoder, decodeTimes, encodeTimes, MAX_MICROS, timesPieces } from './times.ts'

describe('encodeTimes and decodeTimes', () => {
  it('read back what they wrote', () => {
    const time = fc.integer({ min: 0, max: MAX_MICROS })
    fc.assert(
      fc.property(fc.array(time), (times) =>
        assert.deepEqual([...decodeTimes(encodeTimes(times), times.length)], times),
      ),
    )
  })
  it('read the same however the bytes arrive', () => {
    const time = fc.integer({ min: 0, max: MAX_MICROS })
    fc.assert(
      fc.property(fc.array(time), fc.integer({ min: 1, max: 20 }), (times, step) => {
        const bytes = encodeTimes(times)
        const read: number[] = []
        const decoder = createTimesDecoder(times.length, (micros) => read.push(micros))
        for (let at = 0; at < bytes.length; at += step) decoder.push(bytes.subarray(at, at + step))
        decoder.end()
        assert.deepEqual(read, times)
      }),
    )
  })
  it('give the same in pieces as at once', () => {
    const times = Array.from({ length: 200_000 }, (_, i) => i * 1000)
    const pieces = [...timesPieces(times)]
    assert.ok(pieces.length > 3)
    assert.ok(Buffer.concat(pieces).equals(encodeTimes(times)))
    assert.deepEqual([...decodeTimes(Buffer.concat(pieces), times.length)], times)
  })
  it('take a byte where times hardly differ', () => assert.equal(encodeTimes(Array(100).fill(1.7e15)).length, 8 + 99))
  it('refuse lists that are too short or too long', () => {
    const bytes = encodeTimes([1, 2, 3])
    assert.throws(() => decodeTimes(bytes, 4), { code: 'invalid', message: /cut short/ })
    assert.throws(() => decodeTimes(bytes, 2), { code: 'invalid', message: /behind its end/ })
  })
  it('refuse times out of range and second spellings', () => {
    assert.throws(() => decodeTimes(Buffer.from([0x01]), 1), { code: 'invalid', message: /out of range/ })
    assert.throws(() => decodeTimes(Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f]), 1), {
      code: 'invalid',
      message: /out of range|too large/,
    })
    assert.throws(() => decodeTimes(Buffer.from([0x80, 0x00]), 1), { code: 'invalid', message: /second spelling/ })
  })
})

describe('clampMicros', () => {
  it('keeps odd clocks in range', () =>
    assert.deepEqual([clampMicros(1.5), clampMicros(1e300), clampMicros(-5)], [1, MAX_MICROS, 0]))
})
