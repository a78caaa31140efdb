// tag, rollback, rm: moves of tags.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Client } from '../client/client.ts'
import { AetherError } from '../core/errors.ts'
import { DIGEST_A, DIGEST_B, tagInfo } from './testing/samples.fixture.ts'
import { createTestWorld } from './testing/test-world.fixture.ts'

async function run(client: Partial<Client>, ...argv: string[]) {
  const world = createTestWorld({ client })
  const code = await world.run(...argv)
  return { code, out: world.stdout.text(), err: world.stderr.text() }
}

const SHA_A = `sha256:${DIGEST_A}`

describe('aetherfs tag', () => {
  it('points a tag to a snapshot', async () => {
    const calls: unknown[] = []
    const tag: Client['tag'] = async (from, to, { signal, ...options } = {}) => {
      calls.push([from, to, options])
      return { tag: tagInfo('stable'), previous: DIGEST_B }
    }
    const { out } = await run({ tag }, 'tag', 'geo:v2', 'geo:stable', '-m', 'good', '--expect', SHA_A)
    assert.equal(out, `geo:stable@${SHA_A}  (was bbbbbbbbbbbb)\n`)
    assert.deepEqual(calls[0], ['geo:v2', 'geo:stable', { reason: 'good', expected: DIGEST_A }])
    await run({ tag }, 'tag', 'geo:v2', 'h:1/geo:stable', '--expect', 'none')
    assert.deepEqual(calls[1], ['geo:v2', 'h:1/geo:stable', { reason: undefined, expected: 'none' }])
  })

  it('wants a tag to move, and a whole digest to expect', async () => {
    assert.match((await run({}, 'tag', 'geo:v2', 'geo')).err, /"geo" has to name a tag\nhint: For example geo:latest/)
    assert.match(
      (await run({}, 'tag', 'geo:v2', 'geo:a', '--expect', 'abc')).err,
      /Cannot use "abc" for --expect\nhint: Write "none"/,
    )
  })
})

describe('aetherfs rollback', () => {
  it('says where the tag points now', async () => {
    const rollBack: Client['rollBack'] = async () => ({ tag: tagInfo('stable'), previous: DIGEST_B })
    assert.equal(
      (await run({ rollBack }, 'rollback', 'h:1/geo:stable')).out,
      `h:1/geo:stable@${SHA_A}  (was bbbbbbbbbbbb)\n`,
    )
    assert.deepEqual(JSON.parse((await run({ rollBack }, 'rollback', 'geo:stable', '--json')).out), {
      tag: 'stable',
      digest: SHA_A,
      kind: 'channel',
      moved: '2026-11-22T09:00:00.000123Z',
      movedBy: 'anonymous',
      previous: `sha256:${DIGEST_B}`,
    })
  })
})

describe('aetherfs rm', () => {
  function removing(failing?: string) {
    const removed: string[] = []
    const deleteTag: Client['deleteTag'] = async (reference) => {
      if (reference === failing) throw new AetherError('denied', 'Not yours', { detail: { why: 'x' } })
      removed.push(reference)
    }
    return { removed, client: { deleteTag } }
  }

  it('removes one tag after the other', async () => {
    const { client } = removing()
    assert.equal((await run(client, 'rm', 'geo:a', 'geo:b')).out, 'removed geo:a\nremoved geo:b\n')
    assert.deepEqual(JSON.parse((await run(client, 'rm', 'geo:a', '--json')).out), { removed: ['geo:a'] })
  })

  it('removes nothing when one operand names no tag', async () => {
    const { client, removed } = removing()
    assert.equal((await run(client, 'rm', 'geo:a', 'geo')).code, 2)
    assert.deepEqual(removed, [])
  })

  it('says what was done when a later one fails', async () => {
    const { code, err } = await run(removing('geo:b').client, 'rm', 'geo:a', 'geo:b', '--json')
    assert.equal(code, 9)
    const message = 'Removed geo:a, but not "geo:b": Not yours'
    assert.deepEqual(JSON.parse(err), { error: { code: 'partial', message, hint: null, detail: { why: 'x' } } })
    assert.equal((await run(removing('geo:a').client, 'rm', 'geo:a', 'geo:b')).code, 5)
  })
})
