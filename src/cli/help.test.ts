import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseCommandLine } from './parse-command-line.ts'
import { splitWords } from './testing/split-words.fixture.ts'
import { VERBS } from './verbs.ts'

async function helpOf(...argv: string[]): Promise<string> {
  const parsed = await parseCommandLine(argv)
  assert.ok('help' in parsed && !parsed.wrong)
  return parsed.help
}

describe('help', () => {
  for (const { name, hidden } of VERBS.filter((verb) => !verb.hidden)) {
    it(`of ${name} has examples, exit codes and the global options`, async () => {
      const help = await helpOf(name, '--help')
      assert.match(help, new RegExp(`^Usage: aetherfs ${name} `))
      assert.match(help, new RegExp(`\nExamples:\n {2}\\$ (source <\\()?aetherfs ${name}`))
      assert.match(help, /\nExit codes:\n {2}0 {4}done\n/)
      assert.match(help, /\nGlobal options:\n {2}--host <host>/)
      assert.equal(hidden, undefined)
    })
  }

  it('is the same by "help push" and "push --help"', async () => {
    assert.equal(await helpOf('help', 'push'), await helpOf('push', '--help'))
  })

  it('of every example can be parsed', async () => {
    for (const entry of VERBS) {
      for (const [line] of (await entry.load()).examples) {
        const command = /aetherfs [^|>)]*/.exec(line)?.[0] ?? ''
        await assert.doesNotReject(parseCommandLine(splitWords(command).slice(1)), line)
      }
    }
  })
})
