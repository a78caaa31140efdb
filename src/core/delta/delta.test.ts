import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { AetherError } from '../errors.ts'
import { openDelta } from './apply.ts'
import { applied, deltaOf, headerOf, inPieces, sourceOf } from './delta.fixture.ts'
import { encodeHead, encodeHeader, type GroupHead, MAX_GROUP_DATA, MAX_PAD } from './delta-format.ts'

const isIntegrity = (error: unknown) => error instanceof AetherError && error.code === 'integrity'

/** Bytes with some order in them, so that matches of all lengths are there. */
const anyBytes = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 300 })), { maxLength: 12 })
  .map((runs) => Buffer.concat(runs.flatMap(([unit, times]) => Array.from({ length: times }, () => unit))))

const anyEdit = fc.record({
  kind: fc.constantFrom('insert', 'delete', 'move', 'swap', 'flip', 'truncate', 'double', 'zeros'),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.integer({ min: 1, max: 3000 }),
  other: fc.double({ min: 0, max: 1, noNaN: true }),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }),
})

type Edit = typeof anyEdit extends fc.Arbitrary<infer T> ? T : never

function edited(bytes: Buffer, { kind, at, length, other, bytes: extra }: Edit): Buffer {
  const begin = Math.floor(at * bytes.length)
  const end = Math.min(bytes.length, begin + length)
  const place = Math.floor(other * bytes.length)
  const [head, part, tail] = [bytes.subarray(0, begin), bytes.subarray(begin, end), bytes.subarray(end)]
  if (kind === 'insert') return Buffer.concat([head, extra, part, tail])
  if (kind === 'delete') return Buffer.concat([head, tail])
  if (kind === 'move' || kind === 'swap') {
    const rest = Buffer.concat([head, tail])
    return Buffer.concat([rest.subarray(0, place), part, rest.subarray(place)])
  }
  if (kind === 'flip') return Buffer.concat([head, part.map((byte) => byte ^ 1), tail])
  if (kind === 'truncate') return head
  if (kind === 'double') return Buffer.concat([bytes, part, bytes.subarray(place)])
  return Buffer.concat([head, Buffer.alloc(length * 40), tail])
}

describe('delta', () => {
  it('turns any bytes into any others that were made from them', () =>
    fc.assert(
      fc.asyncProperty(anyBytes, fc.array(anyEdit, { maxLength: 6 }), async (from, edits) => {
        const to = edits.reduce(edited, from)
        const delta = await deltaOf(from, to, { hints: [{ from: 0, to: 0 }] })
        assert.deepEqual(await applied(from, delta), to)
      }),
      { numRuns: 150 },
    ))

  it('turns any bytes into any others that have nothing in common', () =>
    fc.assert(
      fc.asyncProperty(anyBytes, anyBytes, async (from, to) => {
        assert.deepEqual(await applied(from, await deltaOf(from, to)), to)
      }),
    ))

  it('is the same however the bytes arrive', async () => {
    const from = randomBytes(100_000)
    const to = Buffer.concat([from.subarray(5000), from.subarray(0, 4000), randomBytes(3000)])
    const delta = await deltaOf(from, to)
    for (const step of [1, 7, 64, delta.length]) assert.deepEqual(await applied(from, delta, step), to)
  })

  it('costs about what changed: one byte in the middle, bytes in front, a part that moved', async () => {
    const from = randomBytes(3_000_000)
    const flipped = Buffer.from(from)
    flipped[1_500_000]! ^= 1
    const moved = Buffer.concat([from.subarray(0, 500_000), from.subarray(900_000), from.subarray(500_000, 900_000)])
    assert.ok((await deltaOf(from, flipped, { hints: [{ from: 0, to: 0 }] })).length < 250)
    assert.ok((await deltaOf(from, Buffer.concat([randomBytes(7), from]))).length < 1500)
    assert.ok((await deltaOf(from, moved)).length < 4500)
  })

  it('takes parts that are known to be equal from its caller without reading them', async () => {
    const same = randomBytes(2_000_000)
    const [from, to] = [Buffer.concat([randomBytes(9), same]), Buffer.concat([same, randomBytes(5)])]
    const reads: number[] = []
    const delta = await deltaOf(from, to, { anchors: [{ from: 9, to: 0, length: same.length }] })
    const opened = await openDelta(inPieces(delta, delta.length))
    const source = {
      ...sourceOf(from),
      read: async (at: number, n: number) => {
        reads.push(n)
        return from.subarray(at, at + n)
      },
    }
    const pieces = await Array.fromAsync(opened.pieces(source))
    assert.deepEqual(pieces[0], { copyFrom: 9, length: same.length })
    assert.deepEqual(await applied(from, delta), to)
  })

  it('finds every flipped bit, and refuses what is cut short or goes on behind the end', async () => {
    const from = randomBytes(20_000)
    const to = Buffer.concat([from.subarray(0, 9000), randomBytes(300), from.subarray(9100)])
    const delta = await deltaOf(from, to)
    for (let bit = 0; bit < delta.length * 8; bit++) {
      const wrong = Buffer.from(delta)
      wrong[bit >>> 3]! ^= 1 << (bit & 7)
      await assert.rejects(applied(from, wrong), isIntegrity, `bit ${bit}`)
    }
    for (let length = 0; length < delta.length; length++)
      await assert.rejects(applied(from, delta.subarray(0, length)), isIntegrity, `${length} bytes`)
    await assert.rejects(applied(from, Buffer.concat([delta, Buffer.of(0)])), isIntegrity)
  })

  it('refuses an old image of another length', async () => {
    const delta = await deltaOf(Buffer.from('one'), Buffer.from('two'))
    await assert.rejects(applied(Buffer.from('four'), delta), isIntegrity)
  })
})

describe('openDelta', () => {
  const [from, to] = [Buffer.alloc(1000, 1), Buffer.alloc(1000, 2)]

  function crafted(head: GroupHead | Uint8Array, data: Uint8Array = new Uint8Array()): Buffer {
    const bytes = head instanceof Uint8Array ? head : encodeHead(head)
    const body = Buffer.concat([encodeHeader(headerOf(from, to)), bytes, data, Buffer.of(0)])
    return Buffer.concat([body, createHash('sha256').update(body).digest()])
  }

  const op = { copyFrom: 0, copyLength: 1000, dataLength: 0 }
  const head = { ops: [op], before: 0, after: 0, codec: 0, storedLength: 0 } satisfies GroupHead

  it('takes a crafted one that is right, so that those below are refused for what they say', async () => {
    assert.deepEqual(await applied(from, crafted({ ...head, ops: [op] })), from)
  })

  const hostile: [string, Buffer][] = [
    ['a copy behind the end', crafted({ ...head, ops: [{ ...op, copyFrom: 1 }] })],
    ['a copy before the beginning', crafted({ ...head, ops: [{ copyFrom: -1, copyLength: 1000, dataLength: 0 }] })],
    ['more than it announces', crafted({ ...head, ops: [op, op] })],
    ['less than it announces', crafted({ ...head, ops: [{ ...op, copyLength: 999 }] })],
    ['a group that makes nothing', crafted({ ...head, ops: [{ ...op, copyLength: 0 }] })],
    ['too much data', crafted({ ...head, ops: [{ ...op, dataLength: MAX_GROUP_DATA + 1 }] })],
    ['too much stored data', crafted({ ...head, storedLength: MAX_GROUP_DATA + 1 })],
    ['a window that is too wide', crafted({ ...head, before: MAX_PAD + 1 })],
    [
      'data that is not as long as it says',
      crafted({ ...head, ops: [{ ...op, copyLength: 0, dataLength: 9 }], storedLength: 3 }, Buffer.alloc(3)),
    ],
    [
      'data that does not decode',
      crafted(
        { ...head, codec: 1, ops: [{ ...op, copyLength: 991, dataLength: 9 }], storedLength: 3 },
        Buffer.alloc(3),
      ),
    ],
    ['an unknown kind of head', crafted(Buffer.of(2, 7, 0))],
    ['a head that is too long', crafted(Buffer.of(0xff, 0xff, 0xff, 0x7f))],
    ['a head whose length has no end', crafted(Buffer.alloc(9, 0xff))],
  ]
  for (const [name, bytes] of hostile) it(`refuses ${name}`, () => assert.rejects(applied(from, bytes), isIntegrity))

  it('tells of groups without their data and the old image, and of damage all the same', async () => {
    const fresh = Buffer.concat([randomBytes(MAX_GROUP_DATA + 1000), from.subarray(0, 500), randomBytes(100)])
    const delta = await deltaOf(from, fresh)
    const groupsOf = async (bytes: Uint8Array) => Array.fromAsync((await openDelta(inPieces(bytes, 777))).groups())
    const groups = await groupsOf(delta)
    assert.ok(groups.length > 1)
    const made = groups.flatMap(({ ops }) => ops).reduce((sum, op) => sum + op.copyLength + op.dataLength, 0)
    assert.equal(made, fresh.length)
    const between = groups.reduce((sum, { bytes }) => sum + bytes, 0)
    assert.equal(between, delta.length - encodeHeader(headerOf(from, fresh)).length - 1 - 32)
    for (const at of [100, 1000, delta.length - 1])
      await assert.rejects(groupsOf(Uint8Array.from(delta).with(at, delta[at]! ^ 1)), isIntegrity)
    await assert.rejects(groupsOf(delta.subarray(0, delta.length - 40)), isIntegrity)
    await assert.rejects(groupsOf(crafted({ ...head, ops: [op, op] })), isIntegrity)
  })

  it('refuses a header that is too short or announces too much', async () => {
    const zeros = { listing: 0, times: 0, content: 0 }
    const large = encodeHeader({ ...headerOf(from, to), toLengths: { ...zeros, listing: 2 ** 40 } })
    await assert.rejects(openDelta(inPieces(large, 100)), isIntegrity)
    await assert.rejects(openDelta(inPieces(Buffer.from('AFSD\x01'), 100)), isIntegrity)
    await assert.rejects(openDelta(inPieces(Buffer.from('AFSX'), 100)), isIntegrity)
  })
})
