// The folders are the architecture: imports point one way. What each layer is for: docs/architecture.md, "Layers".
// Tests, suites and fixtures may import what they like; nothing else may import them.
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'

const ROOT = join(import.meta.dirname, '..')

/** For each folder of src, the folders that it may import from besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  gen: [],
  core: ['gen'],
  storage: ['core', 'gen'],
  dataset: ['storage', 'core', 'gen'],
  hub: ['dataset', 'storage', 'core', 'gen'],
  protocols: ['hub', 'dataset', 'storage', 'core', 'gen'],
  client: ['dataset', 'storage', 'core', 'gen'],
  cli: ['protocols', 'client', 'hub', 'dataset', 'storage', 'core', 'gen'],
}
/** What core may have of Node: nothing that reads or writes anything but memory. */
const IN_MEMORY = ['node:buffer', 'node:crypto', 'node:util', 'node:zlib']
/** Modules that open a store. */
const STORES = ['open-storage', 'folder', 'memory', 's3'].map((name) => `src/storage/${name}.ts`)
const MAX_LINES = 300

interface Import {
  /** Path from the root of the repository. */
  from: string
  /** The same; or the name of a package, as it is written. */
  to: string
  isOurs: boolean
  /** Gone when the program runs. */
  isType: boolean
  /** Loaded when it is asked for, by `import()` or as a worker. */
  isLate: boolean
}

const CLAUSE = /^\s*(?:import|export)\s+(?<type>type\s)?[\w\s{}*,$]*?\bfrom\s*'(?<name>[^']+)'/gm
const BARE = /^\s*import\s*'(?<name>[^']+)'/gm
const DYNAMIC = /\bimport\(\s*'(?<name>[^']+)'/g
const WORKER = /\bworkerModule\(\s*'(?<name>[^']+)'/g

function* importsOf(from: string, text: string): Generator<Import> {
  const at = (name: string) => {
    const isOurs = name.startsWith('.')
    return { from, to: isOurs ? join(dirname(from), name) : name, isOurs }
  }
  for (const { groups } of text.matchAll(CLAUSE))
    yield { ...at(groups!.name!), isType: groups!.type !== undefined, isLate: false }
  for (const { groups } of text.matchAll(BARE)) yield { ...at(groups!.name!), isType: false, isLate: false }
  for (const { groups } of text.matchAll(DYNAMIC)) yield { ...at(groups!.name!), isType: false, isLate: true }
  for (const { groups } of text.matchAll(WORKER)) yield { ...at(`./${groups!.name}.ts`), isType: false, isLate: true }
}

function isForTests(path: string): boolean {
  return /\.(?:test|fixture|heavy)\.ts$|-suite\.ts$/.test(path)
}

const sources = new Map(
  globSync('src/**/*.ts', { cwd: ROOT })
    .filter((path) => !isForTests(path))
    .sort()
    .map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]),
)
const imports = [...sources].flatMap(([path, text]) => [...importsOf(path, text)])
const ours = imports.filter(({ isOurs }) => isOurs)
const packages = imports.filter(({ isOurs, to }) => !isOurs && !to.startsWith('node:'))

function layerOf(path: string): string {
  const [, layer = ''] = /^src\/([^/]+)\//.exec(path) ?? []
  return layer
}

/** The folder of one protocol, or "" for what all of them share. */
function protocolOf(path: string): string {
  const [, protocol = ''] = /^src\/protocols\/([^/]+)\//.exec(path) ?? []
  return protocol
}

function none(offences: readonly string[]): void {
  assert.equal(offences.length, 0, `\n  ${offences.join('\n  ')}`)
}

describe('layers', () => {
  it('finds imports of every kind', () => {
    const text = `
      import a from './a.ts'
      import type { B } from '../b/b.ts'
      import {
        c,
        type C,
      } from '../c.ts'
      export * from './d.ts'
      export type * from './e.ts'
      import 'f'
      const g = await import('./g.ts')
      const h = workerModule('../b/h', import.meta.url)
    `
    const found = [...importsOf('src/x/y.ts', text)].map(({ to, isType, isLate }) => [to, isType, isLate])
    assert.deepEqual(found, [
      ['src/x/a.ts', false, false],
      ['src/b/b.ts', true, false],
      ['src/c.ts', false, false],
      ['src/x/d.ts', false, false],
      ['src/x/e.ts', true, false],
      ['f', false, false],
      ['src/x/g.ts', false, true],
      ['src/b/h.ts', false, true],
    ])
    assert.ok(sources.size > 100 && ours.length > 500, 'the files of src were not found')
  })

  it('are the folders of src, and every import points at one below', () => {
    const unknown = [...sources.keys()].filter((path) => MAY_IMPORT[layerOf(path)] === undefined)
    none(unknown.map((path) => `${path} is in no layer: add its folder to MAY_IMPORT in test/layers.test.ts`))
    const wrong = ours.filter(({ from, to }) => {
      const [above, below] = [layerOf(from), layerOf(to)]
      return above !== below && !MAY_IMPORT[above]!.includes(below)
    })
    none(wrong.map(({ from, to }) => `${from} imports ${to}, and ${layerOf(from)} may import ${wordsOf(from)}`))
  })

  it('import nothing that is there for tests', () => {
    none(ours.filter(({ to }) => isForTests(to)).map(({ from, to }) => `${from} imports ${to}`))
  })

  it('keep the protocols apart from each other', () => {
    const wrong = ours.filter(({ from, to }) => {
      const [one, other] = [protocolOf(from), protocolOf(to)]
      return one !== '' && other !== '' && one !== other
    })
    none(wrong.map(({ from, to }) => `${from} imports ${to}: what two protocols share stands in src/protocols itself`))
  })

  it('open stores in src/cli only', () => {
    const wrong = ours.filter(({ from, to }) => STORES.includes(to) && !['storage', 'cli'].includes(layerOf(from)))
    none(wrong.map(({ from, to }) => `${from} imports ${to}: it takes a Storage from its caller instead`))
  })

  it('load the AWS SDK late, for those who have a store in S3', () => {
    const needsSdk = (path: string) => path === 'src/storage/s3.ts' || path.startsWith('src/storage/s3/')
    const isFree = (path: string) => !needsSdk(path) || path === 'src/storage/s3/s3-url.ts'
    const early = imports.filter(({ from, isType, isLate }) => isFree(from) && !isType && !isLate)
    none(
      early
        .filter(({ to }) => !isFree(to) || /^@(?:aws-sdk|smithy)\//.test(to))
        .map(({ from, to }) => `${from} imports ${to}`),
    )
  })

  it('keep core in memory', () => {
    const wrong = imports.filter(
      ({ from, to }) => layerOf(from) === 'core' && to.startsWith('node:') && !IN_MEMORY.includes(to),
    )
    none(wrong.map(({ from, to }) => `${from} imports ${to}, and core has only ${IN_MEMORY.join(', ')}`))
  })

  it('have no cycle of imports', () => {
    // Types are gone when the program runs, and what is loaded late finds everything else in place.
    const next = Map.groupBy(
      ours.filter(({ isType, isLate }) => !isType && !isLate),
      ({ from }) => from,
    )
    const cycle = findCycle([...sources.keys()], (path) => next.get(path)?.map(({ to }) => to) ?? [])
    none(cycle === undefined ? [] : [cycle.join('\n  imports ')])
  })

  it('import the packages that package.json names as dependencies, and all of them', () => {
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>
    }
    const used = new Set(packages.map(({ to }) => packageOf(to)))
    const missing = packages.filter(({ to }) => dependencies[packageOf(to)] === undefined)
    none(missing.map(({ from, to }) => `${from} imports ${to}, which is no dependency`))
    const idle = Object.keys(dependencies).filter((name) => !used.has(name))
    none(idle.map((name) => `${name} is a dependency, and nothing outside of tests imports it`))
  })

  it(`keep files under ${MAX_LINES} lines, generated ones apart`, () => {
    const long = [...sources].filter(([path, text]) => layerOf(path) !== 'gen' && text.split('\n').length > MAX_LINES)
    none(long.map(([path, text]) => `${path} has ${text.split('\n').length} lines: it may hold more than one idea`))
  })
})

function wordsOf(path: string): string {
  return MAY_IMPORT[layerOf(path)]!.join(', ') || 'nothing'
}

/** "zod", "@bufbuild/protobuf": what is installed, without the path in it. */
function packageOf(name: string): string {
  return name.split('/', name.startsWith('@') ? 2 : 1).join('/')
}

/** Some cycle, with its first element at its end again; undefined when there is none. */
function findCycle(all: readonly string[], next: (path: string) => readonly string[]): string[] | undefined {
  const done = new Set<string>()
  const trail: string[] = []

  function visit(path: string): string[] | undefined {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path]
    if (done.has(path)) return undefined
    trail.push(path)
    const cycle = firstOf(next(path), visit)
    trail.pop()
    done.add(path)
    return cycle
  }

  return firstOf(all, visit)
}

function firstOf<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item)
    if (found !== undefined) return found
  }
  return undefined
}
