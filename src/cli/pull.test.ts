import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PullOptions } from '../client/client.ts'
import { DIGEST_A, DIGEST_B, pullResult } from './testing/samples.fixture.ts'
import { createTestWorld } from './testing/test-world.fixture.ts'

interface Call {
  target: string
  references: string[]
  options: PullOptions
}

async function pull(argv: string[], result = pullResult()) {
  const calls: Call[] = []
  const world = createTestWorld({
    client: {
      async pull(target, references, options = {}) {
        calls.push({ target, references, options })
        return [result]
      },
    },
  })
  const code = await world.run('pull', ...argv)
  return { code, calls, out: world.stdout.text(), err: world.stderr.text() }
}

describe('aetherfs pull', () => {
  it('hands the target, the references and all options to the client', async () => {
    const { calls } = await pull([
      '/data',
      'geo',
      'h:1/@a/geo:v2',
      '--include',
      '*.csv',
      '--keep',
      '3',
      '--range-gap',
      '4K',
      '--no-deltas',
      '-n',
    ])
    const { onProgress, signal, ...options } = calls[0]!.options
    assert.deepEqual([calls[0]!.target, calls[0]!.references], ['/data', ['geo', 'h:1/@a/geo:v2']])
    assert.deepEqual(options, {
      output: undefined,
      include: ['*.csv'],
      exclude: undefined,
      dryRun: true,
      keep: 3,
      gap: 4096,
      deltas: false,
    })
    assert.ok(onProgress && signal)
  })

  it('takes one reference and no target with -o', async () => {
    const { calls } = await pull(['-o', '/plain', 'geo:v1'])
    assert.deepEqual([calls[0]!.options.output, calls[0]!.references], ['/plain', ['geo:v1']])
  })

  it('prints each reference in full and where its files are', async () => {
    const { out, err } = await pull(['/data', 'geo:v1'])
    assert.equal(out, `localhost:8080/geo:v1@sha256:${DIGEST_A}  /data/geo/v1\n`)
    assert.equal(err, '60.0 MiB in 403 files; 1.0 MiB received, 1.7 %; 58.0 MiB were there; 0.0 s\n')
  })

  it('says when nothing had to be done, and what had to be put right', async () => {
    const { err } = await pull(
      ['/data', 'geo:v1'],
      pullResult({ unchanged: true, downloadedBytes: 0, reusedBytes: 0, warnings: ['it was odd'] }),
    )
    assert.equal(err, 'warning: it was odd\n60.0 MiB in 403 files; up to date; 0.0 s\n')
  })

  it('writes one JSON document with --json', async () => {
    const { out, err } = await pull(['/data', 'geo:v1', '--json'])
    assert.deepEqual(JSON.parse(out), {
      results: [{ ...pullResult(), digest: `sha256:${DIGEST_A}`, previous: `sha256:${DIGEST_B}` }],
    })
    assert.equal(err, '')
  })

  it('says what is missing', async () => {
    for (const [argv, message] of [
      [[], /A pull needs a folder and a reference\nhint: For example: aetherfs pull \/var\/datasets geo:latest/],
      [['geo:v1'], /There is one operand, "geo:v1", .*\nhint: For example: aetherfs pull .\/data geo:v1/],
      [['-o', 'x', 'a', 'b'], /A plain folder takes one reference, not 2/],
      [['x', 'y/z'], /"y" could be a host or a scope/],
    ] as const) {
      const { code, err } = await pull([...argv])
      assert.equal(code, 2)
      assert.match(err, message)
    }
  })
})
