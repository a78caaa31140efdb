// What README.md and docs/ say has to be so: commands, outputs, names of tests and scripts, constants, links.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, globSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { DEFAULT_LIMITS } from '../src/protocols/limits.ts'
import { openWorld } from './testing/world.fixture.ts'

const run = promisify(execFile)
const ROOT = join(import.meta.dirname, '..')
const README = readFileSync(join(ROOT, 'README.md'), 'utf8')
const PAGES = ['README.md', ...globSync('{docs,changes}/**/*.md', { cwd: ROOT }).sort()]

function textOf(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

interface Step {
  command: string
  output: string
}

/** What stands in a block of a terminal: lines with "$ ", and below each what it prints on stdout. */
function stepsOf(block: string): Step[] {
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((step) => {
      const [command = '', ...output] = step.split('\n')
      return { command, output: output.join('\n').trim() }
    })
}

describe('README.md', () => {
  it('shows commands that do what it says', async () => {
    const [, block = ''] = /```console\n([\s\S]*?)```/.exec(README) ?? []
    const steps = stepsOf(block)
    assert.ok(steps.length > 5, 'there is no block of commands')
    await using world = await openWorld()
    const [home, bin] = [world.at('home'), world.at('bin')]
    mkdirSync(home)
    mkdirSync(bin)
    symlinkSync(join(ROOT, 'bin/aetherfs'), join(bin, 'aetherfs'))
    const env = {
      PATH: `${bin}:${process.env.PATH}`,
      HOME: home,
      AETHERFS_HOST: world.hub.host,
      XDG_CACHE_HOME: world.at('cache'),
    }
    for (const { command, output } of steps) {
      const { stdout } = await run('sh', ['-c', command], { cwd: home, env })
      const printed = stdout.replaceAll(world.hub.host, 'localhost:8080').replaceAll(home, '/home/you').trim()
      assert.equal(printed, output, `what "${command}" prints`)
    }
  })

  it('names tests that are there', () => {
    const named = [...README.matchAll(/^\|[^|]*\| `(?<file>[^`]+\.test\.ts)`: "(?<name>[^"]+)"/gm)]
    assert.ok(named.length >= 4, 'there is no table of promises')
    for (const { groups } of named) {
      const { file = '', name = '' } = groups ?? {}
      assert.ok(textOf(file).includes(`('${name}`), `${file} has no test that begins with "${name}"`)
    }
  })

  it('names every promise that has tests', () => {
    const tests = globSync('{src,test}/**/*.test.ts', { cwd: ROOT }).map(textOf).join('\n')
    const tested = new Set([...tests.matchAll(/(?:it|describe)\('promise (\d)/g)].map(([, number]) => number))
    for (const number of tested) assert.match(README, new RegExp(`^\\| ${number}\\. `, 'm'))
  })
})

describe('the pages', () => {
  it('name npm scripts that are there', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> }
    for (const page of PAGES) {
      for (const [, name = ''] of textOf(page).matchAll(/\bnpm run ([\w:-]+)/g))
        assert.ok(scripts[name], `${page} names the script "${name}", which package.json does not have`)
    }
  })

  it('link to files and headings that are there', () => {
    for (const page of PAGES) {
      for (const [, link = ''] of textOf(page).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
        const [file = '', heading] = link.split('#')
        const target = file === '' ? page : join(dirname(page), file)
        assert.ok(existsSync(join(ROOT, target)), `${page} links to ${link}, which is not there`)
        if (heading !== undefined)
          assert.ok(
            headingsOf(textOf(target)).includes(heading),
            `${page} links to ${link}, and there is no such heading`,
          )
      }
    }
  })

  it('name files of the repository that are there', () => {
    for (const page of PAGES) {
      for (const [, path = ''] of textOf(page).matchAll(
        /`((?:src|test|scripts|proto|docs|examples|third_party)\/[\w./-]+)`/g,
      ))
        assert.ok(existsSync(join(ROOT, path)), `${page} names ${path}, which is not there`)
    }
  })

  it('give constants the value that they have in the code', () => {
    const rows = PAGES.flatMap((page) => [
      ...textOf(page).matchAll(/`(?<name>[A-Z][A-Z_]+)` in `(?<file>src\/[^`]+)` \| (?<value>[^|]+?) \|/g),
    ])
    assert.ok(rows.length > 10, 'there is no table of constants')
    for (const { groups } of rows) {
      const { name = '', file = '', value = '' } = groups ?? {}
      const [, code] = new RegExp(`const ${name}(?:: \\w+)? = ([^\\n/]+)`).exec(textOf(file)) ?? []
      assert.ok(code, `${file} has no constant ${name}`)
      assert.equal(numberIn(code), numberIn(value), `${name} in ${file}`)
    }
  })

  it('give every limit of the server the value that it has in the code', () => {
    const rows = new Map(
      [...textOf('docs/operating.md').matchAll(/^\| `(\w+)` \| ([^|]+) \|/gm)].map(([, name = '', value = '']) => [
        name,
        value,
      ]),
    )
    for (const [name, value] of Object.entries(DEFAULT_LIMITS))
      assert.equal(numberIn(rows.get(name) ?? ''), value, name)
  })

  it('say nothing that is on one machine only', () => {
    for (const page of PAGES) assert.doesNotMatch(textOf(page), /\/work\/|\/root\/|\bTODO\b|\bTBD\b|\bXXX\b/, page)
  })
})

/** Headings as GitHub and npm address them. */
function headingsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

const UNITS: Record<string, number> = { KiB: 2 ** 10, MiB: 2 ** 20, s: 1000, '': 1 }

/** A number as code or a page has it: "16 * 1024 * 1024", "60_000", "4 MiB", "10 s" (in milliseconds). Undefined when it is something else. */
function numberIn(text: string): number | undefined {
  const [, digits, unit = ''] = /^(\d+) ?(KiB|MiB|s)?$/.exec(text.trim()) ?? []
  if (digits !== undefined) return Number(digits) * UNITS[unit]!
  const factors = text.trim().split(' * ')
  return factors.every((factor) => /^[\d_]+$/.test(factor))
    ? factors.reduce((product, factor) => product * Number(factor.replaceAll('_', '')), 1)
    : undefined
}
