import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PushOptions } from '../client/client.ts'
import { DIGEST_A, pushResult } from './testing/samples.fixture.ts'
import { createTestWorld, type TestWorldOptions } from './testing/test-world.fixture.ts'

interface Call {
  source: string
  references: string[]
  options: PushOptions
}

async function push(argv: string[], result = pushResult(), more: TestWorldOptions = {}) {
  const calls: Call[] = []
  const world = createTestWorld({
    ...more,
    client: {
      async push(source, references, options = {}) {
        calls.push({ source, references, options })
        world.clock.advance(1200)
        return [result]
      },
    },
  })
  const code = await world.run('push', ...argv)
  return { code, calls, out: world.stdout.text(), err: world.stderr.text(), connected: world.connected }
}

describe('aetherfs push', () => {
  it('hands all options to the client', async () => {
    const argv =
      '. -t geo:v1 -t h:1/@a/geo -m hello --label a=1 --label b=x=y --base geo:v0 --include *.csv --exclude *.tmp --skip-special --concurrency 9'
    const { calls } = await push(argv.split(' '))
    const { onProgress, signal, ...options } = calls[0]!.options
    assert.deepEqual(calls[0]!.references, ['geo:v1', 'h:1/@a/geo:latest'])
    assert.deepEqual(options, {
      message: 'hello',
      labels: { a: '1', b: 'x=y' },
      bases: ['geo:v0'],
      include: ['*.csv'],
      exclude: ['*.tmp'],
      skipSpecial: true,
      dryRun: undefined,
      concurrency: 9,
      deltas: true,
      cacheSize: 10 * 1024 ** 3,
    })
    assert.equal(typeof onProgress, 'function')
    assert.equal(signal?.aborted, false)
  })

  it('connects as the settings say', async () => {
    const env = {
      AETHERFS_HOST: 'a:1,b:2',
      AETHERFS_PLAIN_HTTP: '1',
      AETHERFS_CACHE_DIR: '/cache',
      AETHERFS_BWLIMIT: '1M',
    }
    const { connected } = await push(['.', '-t', 'geo', '--retry-for', '7'], pushResult(), { env })
    const [{ onWarning, ...options } = {}] = connected
    assert.deepEqual(options, {
      host: 'a:1,b:2',
      plainHttp: true,
      ca: undefined,
      cacheFolder: '/cache',
      retryForMs: 7000,
      bytesPerSecond: 1024 ** 2,
    })
    assert.equal(typeof onWarning, 'function')
  })

  it('prints references in full on stdout, and how it went on stderr', async () => {
    const { code, out, err } = await push(['.', '-t', 'geo:v1'])
    assert.equal(code, 0)
    assert.equal(out, `localhost:8080/geo:v1@sha256:${DIGEST_A}\n`)
    assert.equal(err, '1.0 GiB in 20,004 files; 3.4 MiB sent, 0.3 %; 1.2 s\n')
  })

  it('says what a dry run would send', async () => {
    const { out, err } = await push(['.', '-t', 'geo', '--dry-run'], pushResult({ dryRun: true, tags: [] }))
    assert.equal(out, `localhost:8080/geo@sha256:${DIGEST_A}\n`)
    assert.match(err, /about 3.4 MiB \(0.3 %\) would be sent/)
  })

  it('says when the hub had it all', async () => {
    const { err } = await push(['.', '-t', 'geo'], pushResult({ sentBytes: 0, existed: true }))
    assert.match(err, /; the hub has it already, nothing sent; /)
  })

  it('tells what was left out', async () => {
    const { err } = await push(['.', '-t', 'geo'], pushResult({ skipped: [{ path: 'a\n.sock', reason: 'socket' }] }))
    assert.match(err, /^left out: a\\n.sock \(socket\)\n/)
  })

  it('writes nothing but results with -q', async () => {
    assert.equal((await push(['.', '-t', 'geo', '-q'])).err, '')
  })

  it('writes one JSON document with --json', async () => {
    const { out, err } = await push(['.', '-t', 'geo:v1', '--json'])
    const digest = `sha256:${DIGEST_A}`
    const moved = '2026-11-22T09:00:00.000123Z'
    assert.deepEqual(JSON.parse(out), {
      results: [
        {
          host: 'localhost:8080',
          dataset: 'geo',
          digest,
          tags: [{ tag: 'v1', digest, kind: 'version', moved, movedBy: 'anonymous', previous: null }],
          files: 20_004,
          bytes: 1024 ** 3,
          newBytes: 4_000_000,
          sentBytes: 3_565_158,
          deltaBytes: 0,
          blocks: 1,
          unreadBytes: 0,
          existed: false,
          skipped: [],
          warnings: [],
          dryRun: false,
        },
      ],
    })
    assert.equal(err, '')
  })

  it('refuses a push without a tag, to a digest, and with a malformed label', async () => {
    for (const [argv, message] of [
      [['.'], /^aetherfs: A push needs at least one tag\nhint: For example: aetherfs push \. -t geo:v1\n$/],
      [['.', '-t', `geo@sha256:${DIGEST_A}`], /names a digest where a tag is needed/],
      [['.', '-t', 'geo', '--label', 'x'], /Cannot use "x" as a label/],
      [['.', '-t', 'Geo'], /the name has upper-case letters/],
    ] as const) {
      const { code, err, calls } = await push([...argv])
      assert.equal(code, 2)
      assert.match(err, message)
      assert.equal(calls.length, 0)
    }
  })
})
