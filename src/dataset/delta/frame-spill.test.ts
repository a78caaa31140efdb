import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { createFrameSpill } from './frame-spill.ts'

describe('createFrameSpill', () => {
  const frames = Array.from({ length: 5 }, (_, i) => ({ name: `frame ${i}`, bytes: randomBytes(1000 + 70_000 * i) }))

  it('gives back what was put, in any order', () => {
    using spill = createFrameSpill()
    for (const { name, bytes } of frames) spill.put(name, bytes)
    for (const { name, bytes } of [...frames, ...frames.toReversed()])
      assert.deepEqual(Buffer.from(spill.get(name)!), bytes)
    assert.equal(spill.get('another'), undefined)
  })

  it('takes nothing beyond its bound', () => {
    using spill = createFrameSpill({ most: 1500 })
    for (const { name, bytes } of frames) spill.put(name, bytes)
    assert.deepEqual(
      frames.map(({ name }) => spill.get(name)?.length),
      [1000, undefined, undefined, undefined, undefined],
    )
  })

  it('has nothing when there is no file to be had', () => {
    using spill = createFrameSpill({ folder: '/nowhere' })
    for (const { name, bytes } of frames) spill.put(name, bytes)
    assert.ok(frames.every(({ name }) => spill.get(name) === undefined))
  })
})
