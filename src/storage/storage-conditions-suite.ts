// Conditional writes and deletes: that they hold, and that they hold between writers who race.
import assert from 'node:assert/strict'
import type { Storage } from './storage.ts'
import { assertInfo, bytesOf, outcome, readText, type StorageTest, textOf, times } from './suite-kit.fixture.ts'

const ROUNDS = 20

export function testConditions(test: StorageTest): void {
  testIfAbsent(test)
  testIfMatch(test)
  testRaces(test)
}

function testIfAbsent(test: StorageTest): void {
  test('writes only where nothing is with ifAbsent', async (storage) => {
    const put = await storage.put('a', bytesOf('first'), { ifAbsent: true })
    assert.equal(await outcome(storage.put('a', bytesOf('second'), { ifAbsent: true })), 'conflict')
    assert.equal(await readText(storage, 'a'), 'first')
    assertInfo(await storage.head('a'), put)
  })

  test('takes a key as free again after a delete', async (storage) => {
    await storage.put('a', bytesOf('first'), { ifAbsent: true })
    await storage.delete('a')
    await storage.put('a', bytesOf('second'), { ifAbsent: true })
    assert.equal(await readText(storage, 'a'), 'second')
  })

  test('refuses both conditions at once', async (storage) => {
    const { version } = await storage.put('a', bytesOf('x'))
    assert.equal(await outcome(storage.put('a', bytesOf('y'), { ifAbsent: true, ifMatch: version })), 'invalid')
    assert.equal(await readText(storage, 'a'), 'x')
  })
}

function testIfMatch(test: StorageTest): void {
  test('writes only over the version of ifMatch', async (storage) => {
    const first = await storage.put('a', bytesOf('1'))
    const second = await storage.put('a', bytesOf('2'), { ifMatch: first.version })
    assert.equal(await outcome(storage.put('a', bytesOf('3'), { ifMatch: first.version })), 'conflict')
    assert.equal(await readText(storage, 'a'), '2')
    assertInfo(await storage.head('a'), second)
  })

  test('takes the version from get, head, list and put alike', async (storage) => {
    const put = await storage.put('a', bytesOf('1'))
    const get = await storage.put('a', bytesOf('2'), { ifMatch: put.version }).then(() => storage.get('a'))
    const head = await storage.put('a', bytesOf('3'), { ifMatch: get.info.version }).then(() => storage.head('a'))
    await storage.put('a', bytesOf('4'), { ifMatch: head!.version })
    const { objects } = await storage.list({ prefix: '' })
    await storage.put('a', bytesOf('5'), { ifMatch: objects[0]!.version })
    assert.equal(await readText(storage, 'a'), '5')
  })

  test('matches nothing where nothing is', async (storage) => {
    assert.equal(await outcome(storage.put('a', bytesOf('x'), { ifMatch: 'any' })), 'conflict')
    assert.equal(await outcome(storage.put('a', bytesOf('x'), { ifMatch: '' })), 'conflict')
    assert.equal(await outcome(storage.delete('a', { ifMatch: 'any' })), 'conflict')
    assert.equal(await storage.head('a'), undefined)
  })

  test('deletes only the version of ifMatch', async (storage) => {
    const first = await storage.put('a', bytesOf('1'))
    const second = await storage.put('a', bytesOf('2'))
    assert.equal(await outcome(storage.delete('a', { ifMatch: first.version })), 'conflict')
    assert.equal(await readText(storage, 'a'), '2')
    await storage.delete('a', { ifMatch: second.version })
    assert.equal(await storage.head('a'), undefined)
    assert.equal(await outcome(storage.delete('a', { ifMatch: second.version })), 'conflict')
  })

  test('does not match an object that was deleted and written anew', async (storage) => {
    const { version } = await storage.put('a', bytesOf('1'))
    await storage.delete('a')
    await storage.put('a', bytesOf('2'), { ifAbsent: true })
    assert.equal(await outcome(storage.put('a', bytesOf('3'), { ifMatch: version })), 'conflict')
    assert.equal(await readText(storage, 'a'), '2')
  })
}

function testRaces(test: StorageTest): void {
  test('lets exactly one of many racing ifAbsent writers win', async (storage) => {
    const outcomes = await Promise.all(times(20, (n) => outcome(storage.put('a', bytesOf(`${n}`), { ifAbsent: true }))))
    assert.deepEqual([...outcomes].sort(), ['ok', ...times(19, () => 'conflict')].sort())
    assert.equal(await readText(storage, 'a'), `${outcomes.indexOf('ok')}`)
  })

  test('lets exactly one of many racing ifMatch writers win', async (storage) => {
    const { version: ifMatch } = await storage.put('a', bytesOf('before'))
    const outcomes = await Promise.all(times(20, (n) => outcome(storage.put('a', bytesOf(`${n}`), { ifMatch }))))
    assert.deepEqual([...outcomes].sort(), ['ok', ...times(19, () => 'conflict')].sort())
    assert.equal(await readText(storage, 'a'), `${outcomes.indexOf('ok')}`)
  })

  test('loses no update of writers who compare and swap', async (storage) => {
    await storage.put('count', bytesOf('0000'))
    await Promise.all(times(6, () => increment(storage, 8)))
    assert.equal(await readText(storage, 'count'), '0048')
  })

  test('never lets an ifMatch writer win over an unconditional one', async (storage) => {
    for (const round of times(ROUNDS, String)) {
      const { version: ifMatch } = await storage.put('a', bytesOf(round))
      const calls = [storage.put('a', bytesOf('match'), { ifMatch }), storage.put('a', bytesOf('plain'))]
      await Promise.all(inTurn(round, calls.map(outcome)))
      // Before the swap or after it, the plain write has the last word.
      assert.equal(await readText(storage, 'a'), 'plain')
    }
  })

  test('never lets an ifMatch writer bring back what was deleted', async (storage) => {
    for (const round of times(ROUNDS, String)) {
      const { version: ifMatch } = await storage.put('a', bytesOf(round))
      const calls = [storage.delete('a'), storage.put('a', bytesOf('match'), { ifMatch })]
      await Promise.all(inTurn(round, calls.map(outcome)))
      assert.equal(await readText(storage, 'a'), undefined)
    }
  })

  test('never lets an ifMatch writer win over one who found the key free', async (storage) => {
    for (const round of times(ROUNDS, String)) {
      const { version: ifMatch } = await storage.put('a', bytesOf(round))
      const [created] = await Promise.all([
        outcome(storage.put('a', bytesOf('created'), { ifAbsent: true })),
        outcome(storage.delete('a')),
        outcome(storage.put('a', bytesOf('match'), { ifMatch })),
      ])
      assert.equal(await readText(storage, 'a'), created === 'ok' ? 'created' : undefined)
    }
  })

  test('lets one of a racing ifMatch write and ifMatch delete win', async (storage) => {
    for (const round of times(ROUNDS, String)) {
      const { version: ifMatch } = await storage.put('a', bytesOf(round))
      const calls = [storage.delete('a', { ifMatch }), storage.put('a', bytesOf('match'), { ifMatch })]
      const outcomes = await Promise.all(calls.map(outcome))
      assert.deepEqual([...outcomes].sort(), ['conflict', 'ok'])
      assert.equal(await readText(storage, 'a'), outcomes[0] === 'ok' ? undefined : 'match')
    }
  })
}

/** Every other round the other way round. */
function inTurn<T>(round: string, calls: T[]): T[] {
  return Number(round) % 2 === 0 ? calls : calls.reverse()
}

/** Adds one `count` times to the number under "count", which always has the same length. */
export async function increment(storage: Storage, count: number): Promise<void> {
  for (let done = 0; done < count; ) {
    const { info, bytes } = await storage.get('count')
    const next = `${Number(textOf(bytes)) + 1}`.padStart(4, '0')
    const ended = await outcome(storage.put('count', bytesOf(next), { ifMatch: info.version }))
    if (ended === 'ok') done++
    else assert.equal(ended, 'conflict')
  }
}
