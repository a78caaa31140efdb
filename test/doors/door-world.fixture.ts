// What the test of every door begins with: a hub in a process of its own, and one dataset in it that has everything which a
// door may trip over. It ends with `sha256sum -c` over what came out of the door.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { startHubProcess } from '../testing/hub-process.fixture.ts'
import { type Outcome, type Program, startProgram } from '../testing/program.fixture.ts'
import { randomBytesOf } from '../testing/random.fixture.ts'
import { csvText, makeDatabase } from '../testing/samples.fixture.ts'
import { type TemporaryFolder, temporaryFolder } from '../testing/temporary-folder.fixture.ts'
import { file, sha256Of, type Tree, writeTree } from '../testing/tree.fixture.ts'

const run = promisify(execFile)
/** With its page and its indexes, about 8 MiB of database. */
const ROWS = 80_000
const BINARY_SIZE = 3 * 1024 * 1024

export interface DoorWorld extends AsyncDisposable {
  /** Host and port, as references have it. */
  host: string
  url: string
  /** The hub, for its log and to end it. */
  hub: Program
  /** The path of something in a folder that is gone at the end. */
  at: TemporaryFolder['at']
  /** What was pushed as geo:v1 and geo:latest. */
  source: string
  /** 64 hex digits behind "sha256:", of the snapshot. */
  digest: string
  /** Paths of its files; links and folders are not among them. */
  files: readonly string[]
  /** As `sha256sum` writes them. */
  sums: string
  /** Begins `aetherfs <args>` with this hub as its host. */
  start(...args: string[]): Program
  run(...args: string[]): Promise<Outcome>
  /** Fails unless `folder` has all files of the dataset, bit for bit. */
  checkSums(folder: string): Promise<void>
}

export interface DoorWorldOptions {
  /** Further words for `aetherfs run`. */
  args?: readonly string[]
  env?: Record<string, string>
}

/** To be called at the top of a file or in a test: what a `before` hook has started is ended with the hook. */
export async function openDoorWorld({ args, env }: DoorWorldOptions = {}): Promise<DoorWorld> {
  const opened = new AsyncDisposableStack()
  const folder = opened.use(await temporaryFolder())
  const source = folder.at('source')
  const files = await makeSource(source)
  const hub = opened.use(await startHubProcess({ store: folder.at('store'), home: folder.path, args, env }))
  const start = (...words: string[]) =>
    startProgram(words, { home: folder.path, env: { AETHERFS_HOST: hub.host, AETHERFS_RETRY_FOR: '0' } })
  const pushed = await start('push', source, '-t', 'geo:v1', '-t', 'geo:latest', '--json').outcome
  assert.equal(pushed.exit, 0, pushed.stderr)
  const sums = folder.at('SHA256SUMS')
  await writeFile(sums, await sumsOf(source, files))

  return {
    host: hub.host,
    url: hub.url,
    hub: hub.program,
    at: folder.at,
    source,
    digest: /sha256:[0-9a-f]{64}/.exec(pushed.stdout)![0],
    files,
    sums,
    start,
    run: (...words) => start(...words).outcome,
    checkSums: async (copy) => void (await run('sha256sum', ['--check', '--strict', '--quiet', sums], { cwd: copy })),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

async function makeSource(folder: string): Promise<string[]> {
  const tree = sampleTree()
  await writeTree(folder, tree)
  makeDatabase(`${folder}/places.sqlite`, ROWS, 1)
  return ['places.sqlite', ...Object.keys(tree).filter((path) => tree[path]!.kind === 'file')]
}

function sampleTree(): Tree {
  const odd = ['two  spaces', '100%', '%2e%41', 'Zürich ü', '日本語', '1+1=2', '#hash', "it's & <b>", 'a;b,c?d']
  return {
    'places.csv': file(csvText(20_000, 2)),
    'empty.txt': file(''),
    'random.bin': file(randomBytesOf(BINARY_SIZE, 3)),
    'bin/run me.sh': file('#!/bin/sh\necho it ran\n', true),
    ...Object.fromEntries(odd.map((name) => [`odd/${name}.txt`, file(`this is ${name}\n`)])),
    'odd/日本 ü/+ #/deep %.txt': file('deep\n'),
    'many/a/b/c/d/e.json': file('{"a":1}\n'),
    'nothing/in/here': { kind: 'folder' },
    'link-to-csv': { kind: 'link', target: 'places.csv' },
    'many/link-up': { kind: 'link', target: '../bin' },
  }
}

async function sumsOf(folder: string, files: readonly string[]): Promise<string> {
  const lines = files.map(async (path) => `${await sha256Of(`${folder}/${path}`)}  ${path}\n`)
  return (await Promise.all(lines)).join('')
}
