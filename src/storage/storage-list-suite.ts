// Listing: order, prefixes, folding and pages, by example and by law.
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import fc from 'fast-check'
import type { ListOptions, Storage } from './storage.ts'
import { byBytes, bytesOf, listAll, namesOf, outcome, type StorageTest, times } from './suite-kit.fixture.ts'

export function testList(test: StorageTest): void {
  testOrder(test)
  testPages(test)
  testFaults(test)
  test('lists what a sorted array of the keys would, whatever is asked', (storage, context) =>
    checkLaw(storage, context))
}

async function putAll(storage: Storage, keys: string[]): Promise<void> {
  await Promise.all(keys.map((key) => storage.put(key, bytesOf(key))))
}

function testOrder(test: StorageTest): void {
  test('is empty when nothing was written', async (storage) => {
    assert.deepEqual(await storage.list({ prefix: '' }), { objects: [], prefixes: [], next: undefined })
    assert.deepEqual(await storage.list({ prefix: 'a/b/', delimiter: '/' }), {
      objects: [],
      prefixes: [],
      next: undefined,
    })
  })

  test('orders keys by their bytes, also where a folder would come elsewhere', async (storage) => {
    // "-" and "." come before "/", "0" after it; U+FFFD comes before U+1F600, though not in JavaScript.
    const keys = ['a!', 'a-b', 'a.b', 'a/b', 'a/b-c', 'a/b0', 'a/c/d', 'a0', 'ab', 'b', 'é', '\uFFFD', '\u{1F600}']
    await putAll(storage, keys.toReversed())
    assert.deepEqual(await listAll(storage, { prefix: '' }), keys)
    assert.deepEqual(await listAll(storage, { prefix: '', limit: 1 }), keys)
  })

  test('finds what begins with a prefix, also one that ends in the middle of a name', async (storage) => {
    await putAll(storage, ['a/b1/x', 'a/b2', 'a/c', 'ab', 'b'])
    const cases: Record<string, string[]> = {
      a: ['a/b1/x', 'a/b2', 'a/c', 'ab'],
      'a/': ['a/b1/x', 'a/b2', 'a/c'],
      'a/b': ['a/b1/x', 'a/b2'],
      'a/b1/': ['a/b1/x'],
      'a/b2': ['a/b2'],
      'a/b2/': [],
      'a/x/y': [],
      c: [],
    }
    for (const [prefix, keys] of Object.entries(cases))
      assert.deepEqual(await listAll(storage, { prefix }), keys, prefix)
  })

  test('folds what goes on after the delimiter', async (storage) => {
    await putAll(storage, ['a-b/x', 'a/b/1', 'a/b/2', 'a/c', 'a0', 'b/x/y/z'])
    const folded = (prefix: string) => storage.list({ prefix, delimiter: '/' })
    const { objects, prefixes } = await folded('')
    assert.deepEqual([objects.map((info) => info.key), prefixes], [['a0'], ['a-b/', 'a/', 'b/']])
    assert.deepEqual(namesOf(await folded('a')), ['a-b/', 'a/', 'a0'])
    assert.deepEqual(namesOf(await folded('a/')), ['a/b/', 'a/c'])
    assert.deepEqual(namesOf(await folded('b/x')), ['b/x/'])
    assert.deepEqual(namesOf(await folded('b/x/')), ['b/x/y/'])
  })

  test('forgets a prefix with the last object in it', async (storage) => {
    await putAll(storage, ['a/b/c/d', 'a/x'])
    await storage.delete('a/b/c/d')
    assert.deepEqual(await listAll(storage, { prefix: 'a/', delimiter: '/' }), ['a/x'])
    await storage.delete('a/x')
    assert.deepEqual(await listAll(storage, { prefix: '', delimiter: '/' }), [])
  })
}

function testPages(test: StorageTest): void {
  const keys = times(45, (index) => `k${`${index}`.padStart(3, '0')}`)

  test('gives pages that join to the whole', async (storage) => {
    await putAll(storage, keys)
    for (const limit of [1, 7, 44, 45, 46, 1000]) assert.deepEqual(await listAll(storage, { prefix: 'k', limit }), keys)
  })

  test('knows the last page, also when it is full', async (storage) => {
    await putAll(storage, keys)
    assert.equal((await storage.list({ prefix: '', limit: 45 })).next, undefined)
    assert.equal((await storage.list({ prefix: '', limit: 44 })).next, keys[43])
    assert.equal((await storage.list({ prefix: '', startAfter: keys.at(-1) })).next, undefined)
  })

  test('begins after a key, whether it is there or not', async (storage) => {
    await putAll(storage, ['a/1', 'a/2', 'a/3', 'b'])
    const after = (startAfter: string, options: Partial<ListOptions> = {}) =>
      listAll(storage, { prefix: '', startAfter, ...options })
    assert.deepEqual(await after('a/2'), ['a/3', 'b'])
    assert.deepEqual(await after('a/20'), ['a/3', 'b'])
    assert.deepEqual(await after('a/'), ['a/1', 'a/2', 'a/3', 'b'])
    assert.deepEqual(await after('a0'), ['b'])
    assert.deepEqual(await after('z', { prefix: 'a/' }), [])
    assert.deepEqual(await after('', { prefix: 'a/' }), ['a/1', 'a/2', 'a/3'])
  })

  test('counts folded prefixes as one, and begins after them', async (storage) => {
    await putAll(storage, ['a/1', 'a/2', 'b', 'c/1', 'd/1/2'])
    assert.deepEqual(await listAll(storage, { prefix: '', delimiter: '/', limit: 1 }), ['a/', 'b', 'c/', 'd/'])
    const page = await storage.list({ prefix: '', delimiter: '/', startAfter: 'a/', limit: 2 })
    assert.deepEqual([namesOf(page), page.next], [['b', 'c/'], 'c/'])
    assert.deepEqual(await listAll(storage, { prefix: '', delimiter: '/', startAfter: 'a/1' }), ['b', 'c/', 'd/'])
  })

  test('leaves out and doubles nothing that stays while others come and go', async (storage) => {
    const staying = times(20, (index) => `s/${String.fromCharCode(97 + index)}/x`)
    await putAll(storage, staying)
    const churn = async () => {
      for (const index of times(20, (n) => n)) {
        await storage.put(`s/${String.fromCharCode(97 + index)}/w`, bytesOf('x'))
        await storage.delete(`s/${String.fromCharCode(97 + index)}/w`)
      }
    }
    const look = async () => {
      const seen = await listAll(storage, { prefix: 's/', limit: 3 })
      assert.deepEqual(seen, [...new Set(seen)].sort(byBytes))
      assert.deepEqual(
        seen.filter((key) => key.endsWith('x')),
        staying,
      )
    }
    await Promise.all([churn(), look(), look().then(look)])
  })
}

function testFaults(test: StorageTest): void {
  test('refuses prefixes that no key has', async (storage) => {
    await putAll(storage, ['a/b'])
    for (const prefix of [
      '/',
      '/a',
      'a//',
      '..',
      '../',
      'a/../',
      '.tmp/',
      'a/.',
      'a\\',
      'a\0',
      '\uD800',
      'x'.repeat(901),
    ]) {
      assert.equal(await outcome(storage.list({ prefix })), 'invalid', JSON.stringify(prefix))
    }
  })

  test('refuses limits under 1 and over 1000', async (storage) => {
    for (const limit of [0, -1, 1001, 1.5, Number.NaN]) {
      assert.equal(await outcome(storage.list({ prefix: '', limit })), 'invalid', `${limit}`)
    }
  })
}

const part = fc.constantFrom('a', 'b', 'ab', 'a-b', 'a.b', 'a0', '@x', '+', '%2F', ' ', '~', 'é', '\uFFFD', '\u{1F600}')
const key = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))
/** No key is a folder of another: a store in a folder cannot have both, and keys.ts makes none such. */
const keySet = fc
  .uniqueArray(key, { maxLength: 25 })
  .map((keys) => keys.filter((one) => !keys.some((other) => other.startsWith(`${one}/`))))
/** Some beginning of a key, not cut within a character. */
const beginning = fc.tuple(key, fc.nat(12)).map(([text, length]) => [...text].slice(0, length).join(''))
const query = fc.record({
  prefix: beginning,
  delimiter: fc.option(fc.constant('/' as const), { nil: undefined }),
  startAfter: fc.option(
    fc.oneof(
      key,
      beginning,
      key.map((text) => `${text}/`),
    ),
    { nil: undefined },
  ),
  limit: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constant(1000)),
})
const world = fc.record({
  keys: keySet,
  removed: fc.array(fc.nat()),
  queries: fc.array(query, { minLength: 10, maxLength: 15 }),
})

async function checkLaw(storage: Storage, context: TestContext): Promise<void> {
  const seed = Number(process.env.AETHERFS_TEST_SEED ?? Date.now() % 2 ** 31)
  context.diagnostic(`fast-check seed ${seed}; AETHERFS_TEST_SEED repeats it`)
  let run = 0
  const law = fc.asyncProperty(world, async ({ keys, removed, queries }) => {
    const base = `run${run++}/` // a fresh place for each run, where prefixes may still be empty
    const gone = new Set(removed.map((index) => keys[index % keys.length]))
    const left = keys.filter((key) => !gone.has(key)).map((key) => base + key)
    await putAll(
      storage,
      keys.map((key) => base + key),
    )
    for (const key of keys) if (gone.has(key)) await storage.delete(base + key)
    for (const { startAfter, ...rest } of queries) {
      const options = { ...rest, prefix: base + rest.prefix, startAfter: startAfter && base + startAfter }
      assert.deepEqual(await listAll(storage, options), expected(left, options), JSON.stringify(options))
    }
  })
  await fc.assert(law, { seed, numRuns: 25, endOnFailure: true })
}

function expected(keys: string[], { prefix, delimiter, startAfter }: ListOptions): string[] {
  const found = keys
    .filter((key) => key.startsWith(prefix))
    .map((key) => {
      const rest = key.slice(prefix.length)
      return delimiter !== undefined && rest.includes('/') ? prefix + rest.slice(0, rest.indexOf('/') + 1) : key
    })
  return [...new Set(found)].sort(byBytes).filter((name) => startAfter === undefined || byBytes(name, startAfter) > 0)
}
