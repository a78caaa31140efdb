// ls, show, diff, log: what people and programs read.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Client, Difference, OpenSnapshot } from '../client/client.ts'
import type { FileHash } from '../core/id.ts'
import type { TagName } from '../core/names.ts'
import {
  DIGEST_A,
  DIGEST_B,
  file,
  GEO,
  HASH,
  LOG_ENTRY,
  NINE,
  SUMMARY,
  stream,
  tagInfo,
} from './testing/samples.fixture.ts'
import { createTestWorld } from './testing/test-world.fixture.ts'

process.env.TZ = 'UTC'

async function run(client: Partial<Client>, ...argv: string[]) {
  const world = createTestWorld({ client })
  const code = await world.run(...argv)
  return { code, out: world.stdout.text(), err: world.stderr.text() }
}

function jsonLines(text: string): unknown[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)
}

const RESOLVED = { host: 'localhost:8080', dataset: GEO, tag: 'v1' as TagName, digest: DIGEST_A }
const SHA_A = `sha256:${DIGEST_A}`

describe('aetherfs ls', () => {
  it('lists datasets, of another hub or scope too', async () => {
    const asked: unknown[] = []
    const datasets: Client['datasets'] = ({ host, prefix } = {}) => {
      asked.push([host, prefix])
      return stream(GEO)
    }
    assert.equal((await run({ datasets }, 'ls')).out, 'geo\n')
    assert.deepEqual(jsonLines((await run({ datasets }, 'ls', '--json')).out), [{ dataset: 'geo' }])
    for (const where of ['h:1/', '@a/', 'h:1/@a/']) await run({ datasets }, 'ls', where)
    assert.deepEqual(asked.slice(2), [
      ['h:1', undefined],
      [undefined, '@a/'],
      ['h:1', '@a/'],
    ])
    assert.equal((await run({ datasets }, 'ls', 'team/')).code, 2)
  })

  const tags: Client['tags'] = () => stream(tagInfo('latest'), tagInfo('v1', DIGEST_B))

  it('lists tags', async () => {
    assert.deepEqual((await run({ tags }, 'ls', 'geo')).out.split('\n'), [
      'TAG     KIND     DIGEST        MOVED                          BY',
      'latest  channel  aaaaaaaaaaaa  1 hour ago (2026-11-22 09:00)  anonymous',
      'v1      version  bbbbbbbbbbbb  1 hour ago (2026-11-22 09:00)  anonymous',
      '',
    ])
    assert.deepEqual(jsonLines((await run({ tags }, 'ls', 'geo', '--json')).out)[0], {
      tag: 'latest',
      digest: SHA_A,
      kind: 'channel',
      moved: '2026-11-22T09:00:00.000123Z',
      movedBy: 'anonymous',
    })
  })

  const entries = [
    file('a.csv', 1536),
    file('bin/run', 12, { executable: true }),
    { kind: 'folder' as const, path: 'empty', modifiedMicros: NINE },
    { kind: 'link' as const, path: 'link', target: 'a.csv', modifiedMicros: NINE },
  ]
  const open: Client['open'] = async () => ({ ...RESOLVED, entries }) as unknown as OpenSnapshot

  it('lists entries as ls -l does', async () => {
    assert.deepEqual((await run({ open }, 'ls', 'geo:v1')).out.split('\n'), [
      '-r--r--r--     1.5 KiB  2026-11-22 09:00  a.csv',
      '-r-xr-xr-x        12 B  2026-11-22 09:00  bin/run',
      'dr-xr-xr-x           -  2026-11-22 09:00  empty',
      'lrwxrwxrwx           -  2026-11-22 09:00  link -> a.csv',
      '',
    ])
    const modified = '2026-11-22T09:00:00.000123Z'
    assert.deepEqual(jsonLines((await run({ open }, 'ls', 'geo:v1', '--json')).out), [
      { path: 'a.csv', kind: 'file', size: 1536, executable: false, sha256: HASH, modified },
      { path: 'bin/run', kind: 'file', size: 12, executable: true, sha256: HASH, modified },
      { path: 'empty', kind: 'folder', modified },
      { path: 'link', kind: 'link', target: 'a.csv', modified },
    ])
  })

  it('lists what is at or below a path', async () => {
    assert.match((await run({ open }, 'ls', 'geo:v1', 'bin/')).out, /^\S+ +12 B .* bin\/run\n$/)
    assert.equal((await run({ open }, 'ls', 'geo:v1', 'bi')).out, '')
    const { code, err } = await run({ open }, 'ls', 'geo', 'bin')
    assert.equal(code, 2)
    assert.match(err, /hint: For example: aetherfs ls geo:latest bin/)
  })
})

describe('aetherfs show', () => {
  const client: Partial<Client> = {
    snapshot: async () => ({ ...RESOLVED, summary: SUMMARY }),
    tags: () => stream(tagInfo('latest'), tagInfo('v0', DIGEST_B), tagInfo('v1')),
  }

  it('shows size, origin, labels and tags', async () => {
    assert.deepEqual((await run(client, 'show', 'geo:v1')).out.split('\n'), [
      'dataset  localhost:8080/geo',
      `digest   ${SHA_A}`,
      'tags     latest, v1',
      'content  2.9 MiB in 2 files (3 entries)',
      'stored   976.6 KiB in 1 block, which other snapshots may share',
      'created  1 hour ago (2026-11-22 09:00) by anonymous',
      'message  November',
      'label    build=1234',
      `delta    from sha256:${DIGEST_B}, 33.2 KiB`,
      '',
    ])
  })

  it('writes one JSON document with --json', async () => {
    assert.deepEqual(JSON.parse((await run(client, 'show', 'geo:v1', '--json')).out), {
      host: 'localhost:8080',
      dataset: 'geo',
      digest: SHA_A,
      tags: ['latest', 'v1'],
      size: 3_000_000,
      files: 2,
      entries: 3,
      blocks: 1,
      storedSize: 1_000_000,
      creator: 'anonymous',
      created: '2026-11-22T09:00:00.000123Z',
      message: 'November',
      labels: { build: '1234' },
      deltas: [{ from: `sha256:${DIGEST_B}`, to: SHA_A, size: 34_000 }],
    })
  })
})

describe('aetherfs diff', () => {
  const differences: Difference[] = [
    {
      path: 'a',
      change: 'changed',
      before: file('a', 2048),
      after: file('a', 1024, { hash: 'd'.repeat(64) as FileHash }),
    },
    { path: 'b', change: 'added', before: undefined, after: file('b', 10, { executable: true }) },
    { path: 'c', change: 'removed', before: { kind: 'link', path: 'c', target: 'a' }, after: undefined },
  ]
  const client: Partial<Client> = { diff: () => stream(...differences) }
  const same: Partial<Client> = { diff: () => stream() }

  it('shows what was added, removed and changed, and a summary', async () => {
    assert.deepEqual((await run(client, 'diff', 'geo:v1', 'geo:v2')).out.split('\n'), [
      '~ a  2.0 KiB -> 1.0 KiB',
      '+ b  10 B executable',
      '- c  link to a',
      '1 added (10 B), 1 removed (0 B), 1 changed (-1.0 KiB)',
      '',
    ])
    assert.equal((await run(same, 'diff', 'geo:v1', 'geo:v2')).out, 'no differences\n')
  })

  it('exits with 1 for differences only when asked to', async () => {
    assert.equal((await run(client, 'diff', 'geo:v1', 'geo:v2')).code, 0)
    assert.equal((await run(client, 'diff', 'geo:v1', 'geo:v2', '--exit-code')).code, 1)
    assert.equal((await run(same, 'diff', 'geo:v1', 'geo:v2', '--exit-code')).code, 0)
  })

  it('writes a JSON line for each difference with --json', async () => {
    const [changed, added, removed, ...more] = jsonLines((await run(client, 'diff', 'geo:v1', 'geo:v2', '--json')).out)
    const plain = { kind: 'file', executable: false, sha256: HASH }
    assert.deepEqual(changed, {
      path: 'a',
      change: 'changed',
      before: { ...plain, path: 'a', size: 2048 },
      after: { ...plain, path: 'a', size: 1024, sha256: 'd'.repeat(64) },
    })
    assert.deepEqual(added, {
      path: 'b',
      change: 'added',
      before: null,
      after: { ...plain, path: 'b', size: 10, executable: true },
    })
    assert.deepEqual(removed, {
      path: 'c',
      change: 'removed',
      before: { path: 'c', kind: 'link', target: 'a' },
      after: null,
    })
    assert.equal(more.length, 0)
    assert.equal((await run(same, 'diff', 'geo:v1', 'geo:v2', '--json')).out, '')
  })
})

describe('aetherfs diff --bytes', () => {
  const moved = { changed: 2048, chunks: 1024, delta: 100 }
  const difference: Difference = { path: 'a', change: 'changed', before: file('a', 2048), after: file('a', 2049) }
  const client: Partial<Client> = { diff: () => stream(difference) }
  const diffBytes = async () => ({
    differences: [{ ...difference, moved }],
    rest: { changed: 0, chunks: 0, delta: 20 },
    total: { changed: 2048, chunks: 1024, delta: 120 },
  })

  it('shows what is moved for each file, and sums', async () => {
    assert.deepEqual((await run({ diffBytes }, 'diff', 'geo:v1', 'geo:v2', '--bytes')).out.split('\n'), [
      '  FILE                   IN NEW CHUNKS  CHUNKS, STORED  DELTA',
      '~ a                            2.0 KiB         1.0 KiB  100 B',
      '  listing, times, books            0 B             0 B   20 B',
      '  total                        2.0 KiB         1.0 KiB  120 B',
      '0 added (0 B), 0 removed (0 B), 1 changed (+1 B)',
      '',
    ])
  })

  it('shows "-" where there is no delta', async () => {
    const none = async () => {
      const { differences, rest, total } = await diffBytes()
      const without = <T extends object>(bytes: T) => ({ ...bytes, delta: undefined })
      return {
        differences: differences.map((one) => ({ ...one, moved: without(one.moved) })),
        rest: without(rest),
        total: without(total),
      }
    }
    assert.match((await run({ diffBytes: none }, 'diff', 'a:v1', 'a:v2', '--bytes')).out, /~ a .* 1\.0 KiB +-\n/)
    const { out } = await run({ diffBytes: none }, 'diff', 'a:v1', 'a:v2', '--bytes', '--json')
    assert.match(out, /"path":"a".*"deltaBytes":null}\n/)
    assert.match(out, /"total":{"changedBytes":2048,"chunkBytes":1024,"deltaBytes":null}}\n$/)
  })

  it('adds to the JSON of each difference, and a line of sums', async () => {
    const [first, sums, ...more] = jsonLines(
      (await run({ diffBytes }, 'diff', 'a:v1', 'a:v2', '--bytes', '--json')).out,
    )
    const { out } = await run(client, 'diff', 'a:v1', 'a:v2', '--json')
    const numbers = '"changedBytes":2048,"chunkBytes":1024,"deltaBytes":100}'
    assert.deepEqual(first, JSON.parse(out.trimEnd().replace(/}$/, `,${numbers}`)))
    assert.deepEqual(sums, {
      rest: { changedBytes: 0, chunkBytes: 0, deltaBytes: 20 },
      total: { changedBytes: 2048, chunkBytes: 1024, deltaBytes: 120 },
    })
    assert.equal(more.length, 0)
  })
})

describe('aetherfs log', () => {
  const client: Partial<Client> = { log: () => stream(LOG_ENTRY, { ...LOG_ENTRY, from: DIGEST_B, reason: 'second' }) }

  it('shows moves in a table', async () => {
    assert.deepEqual((await run(client, 'log', 'geo')).out.split('\n'), [
      'WHEN                           TAG     ACTION  FROM          TO            BY         REASON',
      '1 hour ago (2026-11-22 09:00)  stable  tag     -             aaaaaaaaaaaa  anonymous  first',
      '1 hour ago (2026-11-22 09:00)  stable  tag     bbbbbbbbbbbb  aaaaaaaaaaaa  anonymous  second',
      '',
    ])
  })

  it('shows as many as are wanted', async () => {
    assert.equal((await run(client, 'log', 'geo', '-n', '1')).out.split('\n').length, 3)
    assert.equal((await run(client, 'log', 'geo', '-n', '0')).code, 2)
  })

  it('writes a JSON line for each move with --json', async () => {
    const [first] = jsonLines((await run(client, 'log', 'geo', '--json')).out)
    const when = '2026-11-22T09:00:00.000123Z'
    assert.deepEqual(first, {
      tag: 'stable',
      action: 'tag',
      from: null,
      to: SHA_A,
      when,
      who: 'anonymous',
      reason: 'first',
    })
  })
})
