import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createExtentsBuilder, extentAt, NO_EXTENTS, streamLength } from './extents.ts'

const anyChunks = fc.array(fc.record({ block: fc.nat(3), chunk: fc.nat(5), length: fc.integer({ min: 1, max: 9 }) }), {
  minLength: 1,
  maxLength: 40,
})

describe('extents', () => {
  it('join chunks that follow each other in a block', () => {
    const builder = createExtentsBuilder()
    for (const [block, chunk] of [
      [0, 3],
      [0, 4],
      [0, 5],
      [1, 6],
      [0, 6],
      [0, 6],
    ] as const)
      builder.add(block, chunk, 10)
    const extents = builder.finish()
    assert.deepEqual(
      [[...extents.block], [...extents.first], [...extents.count]],
      [
        [0, 1, 0, 0],
        [3, 6, 6, 6],
        [3, 1, 1, 1],
      ],
    )
    assert.deepEqual([...extents.start], [0, 30, 40, 50, 60])
  })

  it('name the same chunks in the same order, and find each byte', () => {
    fc.assert(
      fc.property(anyChunks, (chunks) => {
        const builder = createExtentsBuilder()
        for (const { block, chunk, length } of chunks) builder.add(block, chunk, length)
        const extents = builder.finish()
        const named = [...extents.block].flatMap((block, i) =>
          Array.from({ length: extents.count[i]! }, (_, k) => [block, extents.first[i]! + k]),
        )
        assert.deepEqual(
          named,
          chunks.map(({ block, chunk }) => [block, chunk]),
        )
        assert.equal(
          streamLength(extents),
          chunks.reduce((sum, { length }) => sum + length, 0),
        )
        for (let offset = 0; offset < streamLength(extents); offset++) {
          const i = extentAt(extents, offset)
          assert.ok(extents.start[i]! <= offset && offset < extents.start[i + 1]!)
        }
      }),
    )
  })

  it('say where there is no byte', () => {
    assert.throws(() => extentAt(NO_EXTENTS, 0), RangeError)
    assert.throws(() => extentAt(NO_EXTENTS, -1), RangeError)
  })
})
