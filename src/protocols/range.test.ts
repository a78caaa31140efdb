import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createMultipart } from './multipart-ranges.ts'
import { MAX_RANGES, parseRange, parseRanges } from './range.ts'

describe('parseRange', () => {
  it('reads ranges with and without an end, and suffixes', () => {
    assert.deepEqual(parseRange('bytes=0-0', 10), { offset: 0, length: 1 })
    assert.deepEqual(parseRange('bytes=2-5', 10), { offset: 2, length: 4 })
    assert.deepEqual(parseRange('Bytes= 2-', 10), { offset: 2, length: 8 })
    assert.deepEqual(parseRange('bytes=-3', 10), { offset: 7, length: 3 })
  })

  it('cuts off what lies behind the end', () => {
    assert.deepEqual(parseRange('bytes=8-99', 10), { offset: 8, length: 2 })
    assert.deepEqual(parseRange('bytes=-99', 10), { offset: 0, length: 10 })
    assert.deepEqual(parseRange(`bytes=1-${'9'.repeat(400)}`, 10), { offset: 1, length: 9 })
  })

  it('tells when there is nothing in the range', () => {
    for (const range of ['bytes=10-', 'bytes=10-12', 'bytes=-0', `bytes=${'9'.repeat(400)}-`])
      assert.equal(parseRange(range, 10), 'unsatisfiable', range)
    assert.equal(parseRange('bytes=0-', 0), 'unsatisfiable')
    assert.equal(parseRange('bytes=-1', 0), 'unsatisfiable')
  })

  it('takes what it does not know for no range at all', () => {
    const others = [
      undefined,
      '',
      'bytes',
      'bytes=',
      'bytes=-',
      'bytes=5-2',
      'bytes=0-1,3-4',
      'items=0-1',
      'bytes=a-b',
      'bytes=0x1-2',
      'bytes=1--2',
    ]
    for (const range of others) assert.equal(parseRange(range, 10), undefined)
  })
})

describe('parseRanges', () => {
  it('keeps the order, and joins what overlaps, meets or nearly does', () => {
    const cases: [header: string, ranges: [offset: number, length: number][]][] = [
      ['bytes=0-1', [[0, 2]]],
      [
        'bytes=0-1,500-501',
        [
          [0, 2],
          [500, 2],
        ],
      ],
      [
        'bytes=500-501 ,\t0-1',
        [
          [500, 2],
          [0, 2],
        ],
      ],
      ['bytes=0-1,2-3', [[0, 4]]],
      ['bytes=0-1,80-81', [[0, 82]]],
      [
        'bytes=0-1,83-84',
        [
          [0, 2],
          [83, 2],
        ],
      ],
      ['bytes=0-999,5-6,-1', [[0, 1000]]],
      [
        'bytes=500-501,0-1,400-600',
        [
          [400, 201],
          [0, 2],
        ],
      ],
      ['bytes=2000-,0-0', [[0, 1]]],
    ]
    for (const [header, ranges] of cases)
      assert.deepEqual(
        parseRanges(header, 1000),
        ranges.map(([offset, length]) => ({ offset, length })),
        header,
      )
  })

  it('takes one that is malformed for none at all', () => {
    for (const header of ['bytes=0-1,', 'bytes=,0-1', 'bytes=0-1,x', 'bytes=0-1,5-2', 'bytes=0-1;3-4'])
      assert.equal(parseRanges(header, 1000), undefined, header)
  })

  it('sends all to who wants too many', () => {
    const header = (count: number) =>
      `bytes=${Array.from({ length: count }, (_, i) => `${i * 100}-${i * 100}`).join(',')}`
    assert.equal(parseRanges(header(MAX_RANGES), 1e6)?.length, MAX_RANGES)
    assert.equal(parseRanges(header(MAX_RANGES + 1), 1e6), undefined)
  })

  const spec = fc.oneof(
    fc.tuple(fc.nat(1200), fc.nat(300)).map(([first, more]) => `${first}-${first + more}`),
    fc.nat(1200).map((first) => `${first}-`),
    fc.nat(1200).map((length) => `-${length}`),
  )

  it('gives every byte that was asked for, and each of them once', () => {
    fc.assert(
      fc.property(fc.array(spec, { minLength: 1, maxLength: 12 }), fc.nat(1000), (specs, size) => {
        const bytes = Array.from({ length: size }, (_, i) => i)
        const wanted = new Set(specs.flatMap((text) => sliceOf(bytes, text)))
        const ranges = parseRanges(`bytes=${specs.join(',')}`, size)
        if (wanted.size === 0) return assert.equal(ranges, 'unsatisfiable')
        assert.ok(Array.isArray(ranges))
        const given = ranges.flatMap(({ offset, length }) => bytes.slice(offset, offset + length))
        assert.equal(new Set(given).size, given.length)
        assert.ok(wanted.isSubsetOf(new Set(given)))
        return undefined
      }),
    )
  })
})

/** What a range means, said in the words of an array. */
function sliceOf(bytes: number[], spec: string): number[] {
  const [first = '', last = ''] = spec.split('-')
  if (first === '') return last === '0' ? [] : bytes.slice(-Number(last))
  return bytes.slice(Number(first), last === '' ? undefined : Number(last) + 1)
}

describe('createMultipart', () => {
  const part = (head: string, text: string, pieces = [Buffer.from(text)]) => ({
    head,
    length: text.length,
    pieces: async function* () {
      yield* pieces
    },
  })

  it('has the length that it announces', async () => {
    const { type, length, body } = createMultipart([part('a: 1\r\n', 'one'), part('b: 2\r\n', 'two')], 'XX')
    const text = Buffer.concat(await Array.fromAsync(body)).toString()
    assert.equal(type, 'multipart/byteranges; boundary=XX')
    assert.equal(text, '\r\n--XX\r\na: 1\r\n\r\none\r\n--XX\r\nb: 2\r\n\r\ntwo\r\n--XX--\r\n')
    assert.equal(length, text.length)
  })

  it('begins only when there are bytes to send', async () => {
    const broken = { ...part('', 'x'), pieces: failing }
    const seen: Uint8Array[] = []
    const read = async () => {
      for await (const piece of createMultipart([broken]).body) seen.push(piece)
    }
    await assert.rejects(read, /no bytes/)
    assert.equal(seen.length, 0)
  })
})

async function* failing(): AsyncGenerator<Uint8Array> {
  yield await Promise.reject(new Error('no bytes'))
}
