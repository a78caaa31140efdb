// Keys and common prefixes against a plain model of what S3 lists: all keys, sorted, filtered and folded.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { file, type Tree } from '../../../test/testing/tree.fixture.ts'
import { compareBytes } from '../../core/path.ts'
import { openDoors } from '../doors.fixture.ts'
import { type Behind, type KeyQuery, listKeys } from './keys.ts'

const TREE: Tree = {
  'a/one': file('1'),
  'a/b/two': file('2'),
  'a/b/c/three': file('3'),
  'a-b/four': file('4'),
  'a.txt': file('5'),
  a0: file('6'),
  'empty/folder': { kind: 'folder' },
  'link/file': { kind: 'link', target: '../a0' },
  'link/folder': { kind: 'link', target: '../a' },
  'z/\u{e000}': file('7'),
  'z/\u{1f600}': file('8'),
}
const PATHS = [...Object.keys(TREE).filter((path) => TREE[path]!.kind === 'file'), 'link/file']
const TAGS = ['v1', 'v1-rc', 'v1-rc.1', 'v10', 'V']
const ALL = TAGS.flatMap((tag) => PATHS.map((path) => `${tag}/${path}`)).sort(compareBytes)

const world = await openDoors()
await world.push('geo:v1', TREE)
for (const tag of TAGS.slice(1)) await world.client.tag('geo:v1', `geo:${tag}`)
const tree = world.hub.trees({ subject: 'anonymous' })
const START: Behind = { text: '', isWhole: false }

async function listed(query: Partial<KeyQuery> = {}, limit = Infinity): Promise<string[]> {
  const found: string[] = []
  const asked = { dataset: ['geo'], prefix: '', foldsFolders: false, behind: START, ...query }
  for await (const { text } of listKeys(tree, asked)) {
    if (found.push(text) === limit) break
  }
  return found
}

/** What S3 would list. */
function modelled({ prefix = '', foldsFolders = false, behind = START }: Partial<KeyQuery>): string[] {
  const items = ALL.filter((key) => key.startsWith(prefix) && compareBytes(key, behind.text) > 0)
    .filter((key) => !behind.isWhole || !key.startsWith(behind.text))
    .map((key) => {
      const slash = foldsFolders ? key.indexOf('/', prefix.length) : -1
      return slash < 0 ? key : key.slice(0, slash + 1)
    })
  return [...new Set(items)]
}

const TEXTS = [
  '',
  'V',
  'v',
  'v1',
  'v1-',
  'v1.',
  'v1/',
  'v1/a',
  'v1/a/',
  'v1/a/b',
  'v1/a/b/',
  'v1/a-',
  'v1/none',
  'v1/z/',
  'w',
  'é',
  'v1//',
]
TEXTS.push(
  'v1/empty/',
  'v1/link/f',
  'v1/a/b/c/three',
  'v1/a0/x',
  'v1-rc/a',
  'v1-rc.1/a/',
  '\u{1f600}',
  'v1/z/\u{e000}',
  'a'.repeat(300),
)

describe('listKeys', () => {
  it('lists as S3 does, whatever the prefix, and from wherever it goes on', async () => {
    // Every text once as a prefix with a third of the others, since a third is enough to meet all kinds.
    for (const [i, prefix] of TEXTS.entries())
      for (const [j, text] of TEXTS.entries()) {
        if ((i + j) % 3 > 0) continue
        for (const foldsFolders of [false, true]) {
          const query = { prefix, foldsFolders, behind: { text, isWhole: false } }
          assert.deepEqual(await listed(query), modelled(query), JSON.stringify(query))
        }
      }
  })

  it('goes on behind each of its items, folded or not', async () => {
    for (const [prefix, foldsFolders] of [
      ['', false],
      ['', true],
      ['v1/', true],
      ['v1/a', true],
    ] as const) {
      const all = await listed({ prefix, foldsFolders })
      for (const [i, text] of all.entries()) {
        const behind = { text, isWhole: text.endsWith('/') }
        assert.deepEqual(await listed({ prefix, foldsFolders, behind }), all.slice(i + 1), text)
      }
    }
  })

  it('says when there is no such dataset', async () => {
    await assert.rejects(listed({ dataset: ['none'] }), { code: 'not-found' })
  })
})
