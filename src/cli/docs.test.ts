// docs/command-line.md says all that the program can do.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { ERROR_CODES } from '../core/errors.ts'
import { EXIT } from './errors/exit-codes.ts'
import { createProgram } from './program.ts'
import { environmentName, SETTING_KEYS } from './settings/settings.ts'
import { VERBS } from './verbs.ts'

const text = readFileSync(new URL('../../docs/command-line.md', import.meta.url), 'utf8')

describe('docs/command-line.md', () => {
  for (const { name, load } of VERBS.filter((verb) => !verb.hidden)) {
    it(`explains ${name} and each of its options`, async () => {
      const command = createProgram(new Map([[name, await load()]])).commands.find((one) => one.name() === name)!
      assert.match(text, new RegExp(`\n### ${name}\n\n\`aetherfs ${name}`))
      for (const { flags } of command.options) {
        for (const flag of flags.split(', ')) assert.ok(text.includes(flag), `${name} ${flag}`)
      }
    })
  }

  it('has every environment variable and key', () => {
    for (const key of SETTING_KEYS) {
      assert.ok(text.includes(`\`${environmentName(key)}\``), environmentName(key))
      assert.ok(text.includes(`\`${key}\``), key)
    }
  })

  it('has every exit code and every error code', () => {
    for (const code of Object.values(EXIT)) assert.match(text, new RegExp(`^\\| ${code} \\| `, 'm'))
    for (const code of ERROR_CODES) assert.ok(text.includes(`\`${code}\``), code)
  })

  it('has JSON that can be read', () => {
    const blocks = [...text.matchAll(/^```json\n(.*?)^```/gms)].map(([, block]) => block!)
    assert.ok(blocks.length > 10)
    for (const line of blocks.flatMap((block) => block.trimEnd().split('\n'))) JSON.parse(line)
  })
})
