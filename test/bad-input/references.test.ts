// References that are unknown, malformed or ambiguous, and tags that cannot move: what the command line says and returns.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DatasetName, TagName } from '../../src/core/names.ts'
import { ANONYMOUS } from '../../src/hub/hub.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { openCliWorld } from '../testing/cli-world.fixture.ts'
import { file, treeOf, writeTree } from '../testing/tree.fixture.ts'
import { wrapStorage } from '../testing/wrapped-storage.fixture.ts'

const NO_DIGEST = `sha256:${'a'.repeat(64)}`

describe('references', () => {
  it('that name what is not there end with 3', async () => {
    await using world = await openCliWorld()
    await writeTree(world.at('source'), { a: file('one') })
    await world.succeeds('push', world.at('source'), '-t', 'geo:v1')
    const target = world.at('target')
    await world.fails(3, /There is no tag "latest" in the dataset "nothing"/, 'pull', target, 'nothing')
    await world.fails(3, /There is no tag "v2" in the dataset "geo"\nhint: aetherfs ls geo/, 'pull', target, 'geo:v2')
    await world.fails(3, /There is no snapshot sha256:aaaa/, 'pull', target, `geo@${NO_DIGEST}`)
    await world.fails(3, /geo:v2|no tag "v2"/, 'push', world.at('source'), '-t', 'geo:v3', '--base', 'geo:v2')
    for (const verb of ['show', 'rm', 'rollback']) await world.fails(3, /no tag "other"/, verb, 'geo:other')
    await world.fails(3, /There is no ".*absent"/, 'push', world.at('absent'), '-t', 'geo:v3')
    assert.deepEqual(await world.tags(), ['geo:v1'])
  })

  const MALFORMED: [reference: string, words: RegExp][] = [
    ['', /it is empty/],
    ['GEO', /upper-case letters/],
    ['geo:', /the tag after ":" is empty/],
    ['geo:a b', /Cannot parse reference "geo:a b".*as a tag/],
    [`geo:${'x'.repeat(129)}`, /1 to 128/],
    ['geo@sha256:abc', /expected 64 lowercase hex digits/],
    [`geo@md5:${'a'.repeat(32)}`, /expected "sha256:"/],
    ['http://localhost:8080/geo', /it begins with a URL scheme/],
    ['localhost:0/geo', /port 0 is not between/],
    ['localhost:99999/geo', /port 99999 is not between/],
    ['::1/geo', /an IPv6 host stands in brackets\nhint: Write \[::1\]:8080\/name/],
    ['[zz]/geo', /is no host/],
    ['@/geo', /the scope is empty/],
    ['@team/', /the name is empty/],
    ['@team/a/b', /a dataset is "name" or "@scope\/name"/],
    ['../etc', /Cannot parse reference/],
    ['geo\0', /Cannot parse reference/],
    ['x'.repeat(2000), /it is over 1024 characters long/],
  ]

  it('that are malformed end with 2 and say what is wrong', async () => {
    await using world = await openCliWorld()
    await writeTree(world.at('source'), { a: file('one') })
    for (const [reference, words] of MALFORMED) {
      await world.fails(2, words, 'pull', world.at('target'), reference)
      await world.fails(2, words, 'push', world.at('source'), '-t', reference)
    }
  })

  it('that could mean two things end with 2 and say how to write either', async () => {
    await using world = await openCliWorld()
    const words = /"team" could be a host or a scope\nhint: Write @team\/geo for a scope, or team:8080\/… for a host/
    await world.fails(2, words, 'pull', world.at('target'), 'team/geo')
  })
})

describe('tags', () => {
  it('that are versions take the same content again, and say so, but no other', async () => {
    await using world = await openCliWorld()
    await writeTree(world.at('one'), { a: file('one') })
    await writeTree(world.at('two'), { a: file('two') })
    const first = await world.succeeds('push', world.at('one'), '-t', 'geo:v1')
    const again = await world.succeeds('push', world.at('one'), '-t', 'geo:v1')
    assert.equal(again.stdout, first.stdout)
    assert.match(again.stderr, /the hub has it already, nothing sent/)
    const other =
      /The tag "v1" is a version, written once; it points to \w{12} and cannot point to \w{12}\nhint: Push under/
    await world.fails(6, other, 'push', world.at('two'), '-t', 'geo:v1')
    await world.fails(6, other, 'push', world.at('two'), '-t', 'geo:latest', '-t', 'geo:v1')
    assert.deepEqual(await world.tags(), ['geo:v1'])
    await world.succeeds('push', world.at('two'), '-t', 'geo:v2')
    await world.fails(6, /is a version, written once/, 'tag', 'geo:v2', 'geo:v1')
    await world.fails(6, /is a version and cannot be rolled back/, 'rollback', 'geo:v1')
    await world.succeeds('rm', 'geo:v1')
    await world.fails(6, /was removed; it pointed to/, 'push', world.at('two'), '-t', 'geo:v1')
    assert.deepEqual(await world.tags(), ['geo:v2'])
  })

  it('that moved while a push was under way stay where they are, and the push ends with 6', async () => {
    const memory = createMemoryStorage()
    let steal: (() => Promise<unknown>) | undefined
    const storage = wrapStorage(memory, async (call, key, perform) => {
      const theft = call === 'put' && key.startsWith('blocks/') ? steal : undefined
      if (theft !== undefined) {
        steal = undefined
        await theft()
      }
      return perform()
    })
    await using world = await openCliWorld({ storage })
    await writeTree(world.at('one'), { a: file('one') })
    await writeTree(world.at('two'), { a: file('two') })
    await writeTree(world.at('mine'), { a: file('mine') })
    await world.succeeds('push', world.at('one'), '-t', 'geo:v1', '-t', 'geo:live')
    await world.succeeds('push', world.at('two'), '-t', 'geo:v2')
    const { digest } = await world.client.resolve('geo:v2')
    steal = () => world.hub.hub.moveTag(ANONYMOUS, 'geo' as DatasetName, 'live' as TagName, digest, {})
    const words = /The tag "live" points to sha256:\w+, and the caller expects that it points to sha256:\w+\nhint: /
    await world.fails(6, words, 'push', world.at('mine'), '-t', 'geo:live')
    await world.succeeds('pull', world.at('target'), 'geo:live')
    assert.deepEqual(await treeOf(world.at('target/geo/live/')), await treeOf(world.at('two')))
    await world.succeeds('push', world.at('mine'), '-t', 'geo:live')
  })

  it('of which one moved and one did not end with 9 and say which', async () => {
    const memory = createMemoryStorage()
    let dead = false
    const storage = wrapStorage(memory, async (call, key, perform) => {
      if (dead && call === 'put' && key.endsWith('/tags/live')) throw new Error('the disk failed')
      return perform()
    })
    await using world = await openCliWorld({ storage })
    await writeTree(world.at('one'), { a: file('one') })
    dead = true
    const push = ['push', world.at('one'), '-t', 'geo:live', '-t', 'geo:v1']
    await world.fails(9, /The tags v1 moved, and "live" did not: /, ...push)
    assert.deepEqual(await world.tags(), ['geo:v1'])
    dead = false
    await world.succeeds(...push)
    assert.deepEqual(await world.tags(), ['geo:live', 'geo:v1'])
  })
})
