import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AetherError } from '../core/errors.ts'
import { type Invocation, parseCommandLine } from './parse-command-line.ts'
import { version } from './version.ts'

async function parse(...argv: string[]): Promise<Invocation> {
  const parsed = await parseCommandLine(argv)
  assert.ok(!('help' in parsed), 'no help was asked for')
  return parsed
}

async function failure(...argv: string[]): Promise<[message: string, hint: string | undefined]> {
  const error = await parseCommandLine(argv).catch((thrown: unknown) => thrown)
  assert.ok(error instanceof AetherError && error.code === 'invalid', String(error))
  return [error.message, error.hint]
}

describe('parseCommandLine', () => {
  it('takes global options before and after the verb', async () => {
    for (const argv of [
      ['--host', 'h:1', '--json', 'ls', 'geo'],
      ['ls', '--host=h:1', 'geo', '--json'],
      ['--json', 'ls', 'geo', '--host', 'h:1'],
    ]) {
      const { flags, operands } = await parse(...argv)
      assert.deepEqual(
        [...flags].sort(),
        [
          ['host', 'h:1'],
          ['json', true],
        ],
        argv.join(' '),
      )
      assert.deepEqual(operands, ['geo'])
    }
  })

  it('prefers what stands closer to the verb', async () => {
    assert.equal((await parse('--host', 'a:1', 'ls', '--host', 'b:1')).flags.get('host'), 'b:1')
  })

  it('tells flags that were given from defaults', async () => {
    assert.equal((await parse('ls')).flags.size, 0)
    assert.deepEqual(
      [...(await parse('ls', '--no-progress', '-q')).flags],
      [
        ['quiet', true],
        ['progress', false],
      ],
    )
  })

  it('keeps values of a verb’s options as they are, also when they look like options', async () => {
    const { own, flags } = await parse('push', '.', '-t', 'geo', '-m', '-quick fix', '--label', 'a=--json')
    assert.deepEqual(own, { tag: ['geo'], message: '-quick fix', label: ['a=--json'] })
    assert.equal(flags.size, 0)
  })

  it('collects repeated options', async () => {
    const { own, operands } = await parse(
      'push',
      './geo',
      '-t',
      'geo:v1',
      '-t',
      'h:1/@a/geo:v1',
      '--exclude',
      '*.tmp',
      '--dry-run',
    )
    assert.deepEqual(own, { tag: ['geo:v1', 'h:1/@a/geo:v1'], exclude: ['*.tmp'], dryRun: true })
    assert.deepEqual(operands, ['./geo'])
  })

  it('takes what follows "--" as operands', async () => {
    assert.deepEqual((await parse('verify', '--', '-folder')).operands, ['-folder'])
  })

  it('finds --version anywhere before a verb', async () => {
    for (const argv of [['--version'], ['-V'], ['--json', '--version']])
      assert.equal((await parse(...argv)).verb, version)
  })

  it('gives help for the program, and a wrong call without a verb', async () => {
    const asked = await parseCommandLine(['--help'])
    assert.ok('help' in asked && !asked.wrong)
    assert.match(asked.help, /^Usage: aetherfs .*\n(.*\n)*Commands:\n {2}run /)
    const bare = await parseCommandLine([])
    assert.ok('help' in bare && bare.wrong)
  })

  it('asks whether a misspelt verb or option meant another', async () => {
    assert.deepEqual(await failure('psuh', '.'), ['Unknown command "psuh"', 'Did you mean push?'])
    assert.deepEqual(await failure('push', '.', '--exlude', 'x'), [
      'Unknown option "--exlude"',
      'Did you mean --exclude?',
    ])
    assert.deepEqual(await failure('ls', '--hots', 'x'), ['Unknown option "--hots"', 'Did you mean --host?'])
  })

  it('says what is missing or too much', async () => {
    assert.deepEqual(await failure('push'), ['Missing required argument "source"', 'Type aetherfs push --help'])
    assert.deepEqual(await failure('show', 'a', 'b'), [
      'Too many arguments for "show". Expected 1 argument but got 2: a, b',
      'Type aetherfs show --help',
    ])
    assert.deepEqual(await failure('ls', '--host'), [
      'Option "--host <host>" argument missing',
      'Type aetherfs ls --help',
    ])
  })
})
