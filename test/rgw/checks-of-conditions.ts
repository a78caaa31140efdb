// Conditions on writes and deletes, alone and in races.
import { createHash } from 'node:crypto'
import type { Check } from './conformance-checks.ts'
import type { Calls } from './s3-calls.ts'

const TEXT = '0123456789'
const ETAG = `"${createHash('md5').update(TEXT).digest('hex')}"`

export function checksOfConditions(): Check[] {
  const bare = ETAG.replaceAll('"', '')
  return [
    {
      name: 'PUT with If-None-Match: * writes where nothing is',
      async look({ put, get, remove }) {
        const first = [await put('a', 'x', { IfNoneMatch: '*' }), await put('a', 'y', { IfNoneMatch: '*' })]
        return [...first, await remove('a'), await put('a', 'z', { IfNoneMatch: '*' }), await get('a')]
      },
      aws: ['200', '412 PreconditionFailed', '204', '200', '200 z'],
    },
    {
      name: 'PUT with If-Match and the tag in quotes, as it was sent, matches',
      look: async ({ put }) => [await put('a', TEXT), await put('a', TEXT, { IfMatch: ETAG })],
      aws: ['200', '200'],
      ceph: ['200', '412 PreconditionFailed'],
    },
    {
      name: 'PUT with If-Match and the tag without quotes matches',
      look: async ({ put }) => [await put('a', TEXT), await put('a', TEXT, { IfMatch: bare })],
      aws: ['200', '200'],
    },
    {
      name: 'PUT with If-Match and another tag does not match',
      look: async ({ put, get }) => [await put('a', 'x'), await put('a', 'y', { IfMatch: bare }), await get('a')],
      aws: ['200', '412 PreconditionFailed', '200 x'],
    },
    {
      name: 'PUT with If-Match does not match where nothing is',
      look: async ({ put, head }) => [await put('a', 'x', { IfMatch: bare }), await head('a')],
      aws: ['404 NoSuchKey', '404 NotFound'],
      ceph: ['412 PreconditionFailed', '404 NotFound'],
    },
    {
      name: 'DELETE with If-Match and another tag does not match',
      look: async ({ put, remove, get }) => [await put('a', 'x'), await remove('a', { IfMatch: bare }), await get('a')],
      aws: ['200', '412 PreconditionFailed', '200 x'],
      ceph: ['200', '204', '404 NoSuchKey'], // it does not know the condition
    },
    {
      name: 'DELETE with If-Match and the right tag deletes, and is content where nothing is',
      async look({ put, remove, head }) {
        const removed = [await put('a', TEXT), await remove('a', { IfMatch: bare }), await head('a')]
        return [...removed, await remove('a', { IfMatch: bare })]
      },
      aws: ['200', '204', '404 NotFound', '204'],
    },
    {
      name: 'of many who write a new key at once one wins, and his bytes are there',
      look: (calls) => race(calls, { IfNoneMatch: '*' }),
      aws: { winners: 1, isTheirs: true, isRefusal: true },
    },
    {
      name: 'of many who replace one version at once one wins, and his bytes are there',
      look: async (calls) => race(calls, { IfMatch: await matching(calls) }),
      aws: { winners: 1, isTheirs: true, isRefusal: true },
    },
  ]
}

/** The tag of a new object, in the form that the service takes. */
async function matching({ put, tagOf }: Calls): Promise<string> {
  await put('a', 'before')
  const quoted = await tagOf('a')
  return (await put('a', 'before', { IfMatch: quoted })) === '200' ? quoted : quoted.replaceAll('"', '')
}

/** 412; AWS may say 409 when two meet, and Ceph says 500. */
const REFUSALS = /^(?:412 PreconditionFailed|409 ConditionalRequestConflict|500 .*)$/

async function race({ put, get }: Calls, condition: { IfMatch?: string; IfNoneMatch?: string }) {
  const answers = await Promise.all(Array.from({ length: 16 }, (_, n) => put('a', `${n}`, condition)))
  const winner = answers.indexOf('200')
  return {
    winners: answers.filter((answer) => answer === '200').length,
    isTheirs: (await get('a')) === `200 ${winner}`,
    isRefusal: answers.every((answer) => answer === '200' || REFUSALS.test(answer)),
  }
}
