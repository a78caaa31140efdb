// Every promise of the storage contract as a test. Each backend and each wrapper runs all of them.
import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { Storage } from './storage.ts'
import { testConditions } from './storage-conditions-suite.ts'
import { testList } from './storage-list-suite.ts'
import {
  assertInfo,
  bytesOf,
  listAll,
  type MakeStorage,
  outcome,
  readText,
  type StorageTest,
  storageTest,
  times,
} from './suite-kit.fixture.ts'

/** `make` answers an empty storage at each call. */
export function testStorage(name: string, make: MakeStorage): void {
  const test = storageTest(make)
  describe(`${name}: objects`, () => testObjects(test))
  describe(`${name}: ranges`, () => testRanges(test))
  describe(`${name}: keys`, () => testKeys(test))
  describe(`${name}: conditions`, () => testConditions(test))
  describe(`${name}: list`, () => testList(test))
  describe(`${name}: signals`, () => testSignals(test))
}

function testObjects(test: StorageTest): void {
  test('gives back what was put', async (storage) => {
    const put = await storage.put('a/b', bytesOf('hello'))
    assert.deepEqual({ key: put.key, size: put.size }, { key: 'a/b', size: 5 })
    const got = await storage.get('a/b')
    assert.deepEqual(got.bytes, bytesOf('hello'))
    assertInfo(got.info, put)
    assert.deepEqual(await storage.head('a/b'), got.info)
    assert.deepEqual((await storage.list({ prefix: '' })).objects, [got.info])
  })

  test('says when an object was written, to the second', async (storage) => {
    const before = Math.floor(Date.now() / 1000) * 1000 - 1000
    const { modified } = await storage.put('a', bytesOf('x'))
    assert.ok(modified >= before && modified <= Date.now() + 1000, `${modified} is now`)
  })

  test('has nothing under a key that was not written', async (storage) => {
    await storage.put('a/b', bytesOf('x'))
    for (const key of ['b', 'a', 'a/b/c', 'a/bc', 'b/c/d']) {
      assert.equal(await outcome(storage.get(key)), 'not-found', key)
      assert.equal(await storage.head(key), undefined, key)
      assert.equal(await outcome(storage.delete(key)), 'ok', key)
    }
    assert.equal(await readText(storage, 'a/b'), 'x')
  })

  test('keeps an empty object', async (storage) => {
    assert.equal((await storage.put('empty', new Uint8Array())).size, 0)
    assert.deepEqual((await storage.get('empty')).bytes, new Uint8Array())
    assert.equal((await storage.head('empty'))?.size, 0)
  })

  test('keeps an object of several megabytes', async (storage) => {
    const bytes = new Uint8Array(3_000_001).map((_, index) => index * 7 + (index >> 8))
    await storage.put('large', bytes)
    assert.ok(Buffer.from(bytes).equals((await storage.get('large')).bytes))
  })

  test('replaces an object, with a new version', async (storage) => {
    const first = await storage.put('a', bytesOf('first'))
    const second = await storage.put('a', bytesOf('other'))
    assert.notEqual(first.version, second.version)
    assert.equal(await readText(storage, 'a'), 'other')
    assertInfo(await storage.head('a'), second)
  })

  test('removes an object', async (storage) => {
    await storage.put('a/b', bytesOf('x'))
    await storage.delete('a/b')
    assert.equal(await outcome(storage.get('a/b')), 'not-found')
    assert.equal(await storage.head('a/b'), undefined)
    assert.deepEqual(await listAll(storage, { prefix: '' }), [])
    await storage.put('a/b', bytesOf('again'))
    assert.equal(await readText(storage, 'a/b'), 'again')
  })

  test('shares no bytes with its callers', async (storage) => {
    const given = bytesOf('mine')
    await storage.put('a', given)
    given.fill(0)
    const { bytes } = await storage.get('a')
    bytes.fill(0)
    assert.equal(await readText(storage, 'a'), 'mine')
  })

  test('takes a view into larger memory', async (storage) => {
    await storage.put('a', bytesOf('0123456789').subarray(3, 6))
    assert.equal(await readText(storage, 'a'), '345')
  })

  test('shows whole objects only while they are replaced', async (storage) => {
    const size = (value: number) => 1 + value * 1000
    const write = async () => {
      for (const value of times(40, (index) => index)) await storage.put('a', new Uint8Array(size(value)).fill(value))
    }
    const read = async () => {
      for (let last = 0; last < 39; ) {
        const { info, bytes } = await storage.get('a')
        const value = bytes[0]!
        assert.ok(value >= last, 'versions come in the order of their writing')
        assert.deepEqual(
          [info.size, bytes.length, bytes.every((byte) => byte === value)],
          [size(value), size(value), true],
        )
        last = value
      }
    }
    await storage.put('a', new Uint8Array(1))
    await Promise.all([write(), read(), read()])
  })
}

function testRanges(test: StorageTest): void {
  const cases: [offset: number, length: number, expected: string][] = [
    [0, 1, '0'],
    [0, 10, '0123456789'],
    [3, 4, '3456'],
    [9, 1, '9'],
    [7, 100, '789'],
    [10, 1, ''],
    [1000, 5, ''],
    [2, Number.MAX_SAFE_INTEGER, '23456789'],
    [Number.MAX_SAFE_INTEGER, 1, ''],
  ]
  test('reads what there is of a range, and says the size of the whole', async (storage) => {
    const put = await storage.put('a', bytesOf('0123456789'))
    for (const [offset, length, expected] of cases) {
      const { info, bytes } = await storage.get('a', { range: { offset, length } })
      assert.deepEqual(bytes, bytesOf(expected), `${length} from ${offset}`)
      assertInfo(info, put)
    }
  })

  test('reads no bytes of an empty object', async (storage) => {
    await storage.put('a', new Uint8Array())
    assert.deepEqual((await storage.get('a', { range: { offset: 0, length: 1 } })).bytes, new Uint8Array())
  })

  test('refuses what is no range', async (storage) => {
    await storage.put('a', bytesOf('x'))
    for (const [offset, length] of [
      [-1, 1],
      [0, 0],
      [0, -1],
      [0.5, 1],
      [0, 1.5],
      [NaN, 1],
      [0, Infinity],
    ] as const) {
      assert.equal(
        await outcome(storage.get('a', { range: { offset, length } })),
        'invalid',
        `${length} from ${offset}`,
      )
    }
  })

  test('reads no range of what is not there', async (storage) => {
    assert.equal(await outcome(storage.get('a', { range: { offset: 0, length: 1 } })), 'not-found')
  })
}

const UNUSUAL = [
  '@scope/name',
  'a+b',
  '100%',
  '%2F',
  'a%2e%2e',
  'with space',
  ' leading',
  'trailing ',
  'quote\'s "both"',
  'question?mark#hash',
  'a&b=c;d',
  '*',
  '[x]',
  '$HOME',
  '~',
  '-dash',
  'a.b..c.',
  'ends.tmp',
  'tab\tline\nreturn\r',
  'colon:name',
  'file:x',
  'é', // one character
  'e\u0301', // the same to the eye, two characters
  '日本語/ключ',
  '\u{1F600}/\u{10FFFF}',
  '\uFFFD',
  '__proto__',
  'constructor/toString',
  'x'.repeat(255),
  `${'y'.repeat(254)}/${'é'.repeat(127)}/${'z'.repeat(255)}/${'w'.repeat(134)}`, // 900 bytes
]

const BAD = [
  ['', 'empty'],
  ['/a', 'empty first part'],
  ['a/', 'empty last part'],
  ['a//b', 'empty part'],
  ['.', 'a dot'],
  ['..', 'two dots'],
  ['a/../b', 'two dots inside'],
  ['a/./b', 'a dot inside'],
  ['.hidden', 'begins with a dot'],
  ['a/.tmp', 'a part begins with a dot'],
  ['a\0b', 'NUL'],
  ['a\\b', 'a backslash'],
  ['\uD800', 'half a character'],
  ['x'.repeat(256), 'a part that is too long'],
  ['é'.repeat(128), 'a part that is too long in bytes'],
  [`${'y'.repeat(250)}/`.repeat(4), 'too long'],
  [`${`${'y'.repeat(99)}/`.repeat(8)}${'z'.repeat(101)}`, '901 bytes'],
] as const

function testKeys(test: StorageTest): void {
  test('takes unusual characters as they are', async (storage) => {
    await Promise.all(UNUSUAL.map((key) => storage.put(key, bytesOf(key))))
    for (const key of UNUSUAL) assert.equal(await readText(storage, key), key)
    assert.equal((await listAll(storage, { prefix: '' })).length, UNUSUAL.length)
    for (const key of UNUSUAL) assert.deepEqual(await listAll(storage, { prefix: key }), [key])
    for (const key of UNUSUAL) await storage.delete(key)
    assert.deepEqual(await listAll(storage, { prefix: '' }), [])
  })

  for (const [key, what] of BAD) {
    test(`refuses a bad key: ${what}`, async (storage) => {
      assert.equal(await outcome(storage.get(key)), 'invalid')
      assert.equal(await outcome(storage.head(key)), 'invalid')
      assert.equal(await outcome(storage.put(key, bytesOf('x'))), 'invalid')
      assert.equal(await outcome(storage.delete(key)), 'invalid')
      assert.deepEqual(await listAll(storage, { prefix: '' }), [])
    })
  }
}

function testSignals(test: StorageTest): void {
  test('does nothing for a caller who has already stopped', async (storage) => {
    await storage.put('a', bytesOf('x'))
    const signal = AbortSignal.abort()
    const calls: [string, Promise<unknown>][] = [
      ['get', storage.get('a', { signal })],
      ['head', storage.head('a', { signal })],
      ['put', storage.put('b', bytesOf('y'), { signal })],
      ['delete', storage.delete('a', { signal })],
      ['list', storage.list({ prefix: '', signal })],
    ]
    for (const [name, call] of calls) assert.equal(await outcome(call), 'cancelled', name)
    assert.deepEqual(await listAll(storage, { prefix: '' }), ['a'])
  })

  test('calls a caller cancelled whatever the reason given', async (storage) => {
    const signal = AbortSignal.abort(new Error('enough'))
    assert.equal(await outcome(storage.put('a', bytesOf('x'), { signal })), 'cancelled')
    assert.equal(await outcome(storage.list({ prefix: '', signal: AbortSignal.abort('a word') })), 'cancelled')
  })

  test('leaves the old or the new object when a write is stopped in the middle', async (storage) => {
    await Promise.all(times(10, (index) => storage.put(`k${index}`, bytesOf('old'))))
    const stopper = new AbortController()
    const puts = times(10, (index) => outcome(storage.put(`k${index}`, bytesOf('new'), { signal: stopper.signal })))
    const first = await Promise.race([storage.head('k0'), ...puts])
    assert.notEqual(first, undefined)
    stopper.abort()
    for (const [index, ended] of (await Promise.all(puts)).entries()) await checkWhole(storage, `k${index}`, ended)
  })

  test('goes on after a listener was left on a signal that lives long', async (storage) => {
    const { signal } = new AbortController()
    await Promise.all(times(30, (index) => storage.put('a', bytesOf(`${index}`), { signal })))
    assert.notEqual(await readText(storage, 'a'), undefined)
  })
}

async function checkWhole(storage: Storage, key: string, ended: string): Promise<void> {
  const text = await readText(storage, key)
  if (ended === 'ok') assert.equal(text, 'new')
  else assert.ok(ended === 'cancelled' && (text === 'old' || text === 'new'), `${key}: ${ended}, ${text}`)
}
