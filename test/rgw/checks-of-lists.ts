// Lists: order, folding, pages.
import { createHash } from 'node:crypto'
import type { Check } from './conformance-checks.ts'
import type { Calls, Page } from './s3-calls.ts'

const TEXT = '0123456789'
const ETAG = `"${createHash('md5').update(TEXT).digest('hex')}"`
const KEYS = ['a b', 'a!', 'a-b/x', 'a/b/1', 'a/b/2', 'a/c', 'a0', 'é', '\uFFFD', '\u{1F600}']

export function checksOfLists(): Check[] {
  const names = ({ keys, prefixes, truncated }: Page) => [keys, prefixes, truncated]
  const listed = (input: Parameters<Calls['list']>[0]) => async (calls: Calls) => {
    for (const key of KEYS) await calls.put(key, key)
    return names(await calls.list(input))
  }
  const folded = KEYS.filter((key) => !key.includes('/'))
  return [
    {
      name: 'a list is in the order of bytes',
      look: listed({}),
      aws: [KEYS, [], false],
    },
    {
      name: 'a list says tag, size and count, and how many it would have given',
      async look({ put, list }) {
        await put('a', TEXT)
        const { status, count, maxKeys, objects } = await list({ MaxKeys: 5000 })
        return [status, count, maxKeys, objects.map(({ ETag, Size }) => [ETag, Size])]
      },
      aws: ['200', 1, 1000, [[ETAG, 10]]],
    },
    {
      name: 'a list without entries says so',
      async look({ list }) {
        const { objects: _, ...page } = await list({ Prefix: 'none/' })
        return page
      },
      aws: { status: '200', keys: [], prefixes: [], count: 0, truncated: false, token: undefined, maxKeys: 1000 },
    },
    {
      name: 'a list folds what goes on behind the delimiter',
      look: listed({ Delimiter: '/' }),
      aws: [folded, ['a-b/', 'a/'], false],
    },
    {
      name: 'a list begins with a prefix that ends in the middle of a name',
      look: listed({ Prefix: 'a/b', Delimiter: '/' }),
      aws: [[], ['a/b/'], false],
    },
    {
      name: 'a list begins behind a key, whether it is there or not',
      look: listed({ StartAfter: 'a/b/10' }),
      aws: [KEYS.slice(4), [], false],
    },
    {
      name: 'a list that begins within a folded prefix has it once more',
      look: listed({ Delimiter: '/', StartAfter: 'a/b/1' }),
      aws: [folded.slice(2), ['a/'], false],
      ceph: [folded.slice(2), [], false],
    },
    {
      name: 'a list goes on page by page, prefixes and keys counted together',
      async look({ put, list }) {
        for (const key of KEYS) await put(key, key)
        const pages: unknown[] = []
        for (let token: string | undefined, more = true; more; ) {
          const page = await list({ Delimiter: '/', MaxKeys: 3, ContinuationToken: token })
          pages.push([page.keys, page.prefixes, page.count])
          token = page.token
          more = page.truncated === true
        }
        return pages
      },
      aws: [
        [['a b', 'a!'], ['a-b/'], 3],
        [['a0', 'é'], ['a/'], 3],
        [['\uFFFD', '\u{1F600}'], [], 2],
      ],
    },
    {
      name: 'a page that is full and the last is not truncated',
      async look({ put, list }) {
        for (const key of KEYS) await put(key, key)
        const { truncated, token } = await list({ MaxKeys: KEYS.length })
        return [truncated, token]
      },
      aws: [false, undefined],
    },
    {
      name: 'an encoded list has unusual characters come back',
      async look({ put, list }) {
        const keys = ['%2F/+', '100%', 'a&b=c', 'line\nreturn\rtab\t', 'plus+', 'question?']
        for (const key of keys) await put(key, key)
        const { keys: found, prefixes } = await list({ Delimiter: '/', EncodingType: 'url' })
        return [found, prefixes]
      },
      aws: [['100%', 'a&b=c', 'line\nreturn\rtab\t', 'plus+', 'question?'], ['%2F/']],
    },
  ]
}
