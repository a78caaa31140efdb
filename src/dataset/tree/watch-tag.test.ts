import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TagInfo } from '../../core/dataset.ts'
import { AetherError } from '../../core/errors.ts'
import { watchTag } from './watch-tag.ts'

const at = (digest: string) => ({ name: 'latest', digest }) as TagInfo
const away = new AetherError('unavailable', 'away')

async function follow(looks: (TagInfo | AetherError)[]): Promise<string[]> {
  const aborting = new AbortController()
  const seen: string[] = []
  const look = async () => {
    const next = looks.shift()
    if (looks.length === 0) aborting.abort()
    if (next instanceof AetherError) throw next
    return next!
  }
  for await (const tag of watchTag(look, { intervalMs: 1, signal: aborting.signal })) seen.push(tag.digest)
  return seen
}

describe('watchTag', () => {
  it('tells each move once, and waits for a hub that is away', async () => {
    assert.deepEqual(await follow([at('a'), at('a'), away, at('b'), at('b'), at('a'), at('a')]), ['a', 'b', 'a'])
  })
  it('ends with the error of the first look, and when the tag is removed', async () => {
    await assert.rejects(follow([away, at('a')]), { code: 'unavailable' })
    await assert.rejects(follow([at('a'), new AetherError('not-found', 'gone'), at('a')]), { code: 'not-found' })
  })
})
