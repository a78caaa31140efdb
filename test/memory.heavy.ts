// The program itself pushes and pulls 200,000 small files within the memory that a client may take. npm run test:memory.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { linkSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { workInMemory } from './faults/steps/home.fixture.ts'
import { startHubProcess } from './testing/hub-process.fixture.ts'
import { randomBytesOf } from './testing/random.fixture.ts'
import { type TemporaryFolder, temporaryFolder } from './testing/temporary-folder.fixture.ts'

workInMemory()
const run = promisify(execFile)
const PROGRAM = join(import.meta.dirname, '..', 'bin', 'aetherfs')
const FILES = 200_000
const FILES_IN_FOLDER = 500
/** Files that differ. */
const TEXTS = 2000
const BOUND = 300 * 1024 * 1024

/** Writes down the most memory that the process ever had; loaded into it before anything else. */
const WITNESS = `
  import { writeFileSync } from 'node:fs'
  import { isMainThread } from 'node:worker_threads'
  if (isMainThread) process.on('exit', () => writeFileSync(process.env.WITNESS, String(process.resourceUsage().maxRSS)))
`

/** Small files, each a link to one of a few, which is made sooner; in an order that hardly comes again. */
function makeFiles(folder: TemporaryFolder): void {
  const text = randomBytesOf(100 * TEXTS, 'many').toString('hex')
  mkdirSync(folder.at('texts'))
  for (let i = 0; i < TEXTS; i++) writeFileSync(folder.at('texts', `${i}`), text.slice(200 * i, 200 * (i + 1)))
  for (let i = 0; i < FILES; i++) {
    const number = Math.floor(i / FILES_IN_FOLDER)
    const parent = folder.at('many', `folder-${number}`)
    if (i % FILES_IN_FOLDER === 0) mkdirSync(parent, { recursive: true })
    linkSync(folder.at('texts', `${(i * (2 * number + 1) + number) % TEXTS}`), join(parent, `file-${i}.json`))
  }
}

/** Runs the program; returns the bytes that it had in memory at most. */
async function maxMemory(folder: TemporaryFolder, args: string[]): Promise<number> {
  const witness = folder.at('witness')
  const env = {
    PATH: process.env.PATH,
    HOME: folder.path,
    WITNESS: witness,
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(WITNESS)}`,
  }
  await run(PROGRAM, [...args, '--no-progress'], { env, cwd: folder.path })
  return Number(readFileSync(witness, 'utf8')) * 1024
}

describe(`the client, with ${FILES} small files`, () => {
  it('stays below 300 MiB', async () => {
    await using folder = await temporaryFolder()
    makeFiles(folder)
    await using hub = await startHubProcess({ store: folder.at('store'), home: folder.path })
    const few = ['push', folder.at('texts', '0'), '-t', `${hub.host}/few`]
    await maxMemory(folder, few) // the code is compiled now, and no file is new any more
    const steps = {
      'a first push': ['push', folder.at('many'), '-t', `${hub.host}/many:v1`],
      'a push of what is there already': ['push', folder.at('many'), '-t', `${hub.host}/many:v1`],
      'a push of the same to another dataset': ['push', folder.at('many'), '-t', `${hub.host}/other:v1`],
      'a first pull': ['pull', folder.at('target'), `${hub.host}/many:v1`],
    }
    for (const [what, args] of Object.entries(steps)) {
      const memory = await maxMemory(folder, args)
      console.log(`${what}: ${Math.round(memory / 2 ** 20)} MiB`)
      assert.ok(memory < BOUND, `${what} took ${memory} bytes`)
    }
  })
})
