// Pushes that are killed before, in and after their calls of the file system. At every moment tags point to whole snapshots,
// the same push completes, what it pushed can be read byte for byte, and nothing is left over.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, renameSync, rmSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { connect } from '../../src/client/index.ts'
import { sha256Hex } from '../../src/core/id.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { cli } from '../testing/cli.fixture.ts'
import { startHub, type TestHub } from '../testing/hub.fixture.ts'
import { runProgram } from '../testing/program.fixture.ts'
import { createRandom, randomBytesOf } from '../testing/random.fixture.ts'
import { stepEnv } from '../testing/steps/step-plan.fixture.ts'
import { checkTagsComplete, storedTags } from '../testing/stored.fixture.ts'
import { type TemporaryFolder, temporaryFolder } from '../testing/temporary-folder.fixture.ts'
import { file, type Tree, treeOf, updateTree, writeTree } from '../testing/tree.fixture.ts'
import { copyOf } from '../testing/wrapped-storage.fixture.ts'
import { type Attempt, attemptAll } from './steps/attempts.fixture.ts'
import { makeHome, namesBelow, workInMemory } from './steps/home.fixture.ts'
import { createKills } from './steps/kills.fixture.ts'

workInMemory()
const choose = createKills()

const MiB = 1024 * 1024
const ONE: Tree = {
  'middling.bin': file(randomBytesOf(MiB, 'middling')),
  'small/a.txt': file('a'),
  'small/b.txt': file('b'),
  'bin/run': file('#!/bin/sh\n', true),
  '.aetherfsignore': file('*.tmp\n'),
  empty: { kind: 'folder' },
  'small/link': { kind: 'link', target: '../middling.bin' },
}
/** Of two blocks. */
const LARGE: Tree = { ...ONE, 'large.bin': file(randomBytesOf(17 * MiB, 'large')) }
const TWO: Tree = { ...ONE, 'small/a.txt': file('another a'), 'new.bin': file(randomBytesOf(MiB / 2, 'new')) }

interface Push {
  folder: TemporaryFolder
  /** A store and a home to begin with. */
  store?: Storage
  like?: string
}

const REFERENCES = ['geo:live', 'geo:v2']

/** Each attempt has a hub of its own; the source, `folder.at('source')`, is that of all. */
async function attemptPush({ folder, store = createMemoryStorage(), like }: Push): Promise<void> {
  const random = createRandom()
  console.log(`seed ${random.seed}`)
  const source = folder.at('source')
  const args = ['push', source, ...REFERENCES.flatMap((reference) => ['-t', reference])]
  const before = await storedTags(store)
  const lines = (await treeOf(source)).filter((line) => !line.startsWith('".aetherfsignore"'))

  async function scenario(name: string): Promise<Attempt> {
    const home = folder.at(name)
    makeHome(home, like)
    const storage = await copyOf(store)
    const hub = await startHub({ storage })
    bringJournal(home, hub)
    return {
      run: (plan) => runProgram(args, { home, env: { ...envOf(hub, home), ...stepEnv({ home, source }, plan) } }),
      async inspect({ signal, exit, stderr }) {
        assert.ok(signal === 'SIGKILL' || exit === 0, stderr)
        await checkTagsComplete(storage)
        const now = await storedTags(storage)
        for (const [tag, digest] of before) assert.ok(now.has(tag), `${tag} was at ${digest} and is gone`)
      },
      async repeat() {
        leaveForDays(join(home, 'cache'))
        const { exit, stdout, stderr } = await cli([...args, '--json'], { host: hub.host, home })
        assert.equal(exit, 0, stderr)
        const { digest } = JSON.parse(stdout).results[0] as { digest: string }
        await checkTagsComplete(storage)
        const now = await storedTags(storage)
        for (const reference of REFERENCES) assert.equal(`sha256:${now.get(reference)}`, digest)
        assert.deepEqual(await readBack(hub, `geo@${digest}`, folder.at(`${name}-read`)), lines)
        const files = namesBelow(join(home, 'cache/aetherfs')).filter((name) => !name.endsWith('/'))
        assert.deepEqual(
          files.filter((name) => !/^(sources|tails\/..)\/[0-9a-f]{64}$/.test(name)),
          [],
        )
      },
      [Symbol.asyncDispose]: () => hub[Symbol.asyncDispose](),
    }
  }
  await attemptAll(scenario, random, choose)
}

function envOf({ host }: TestHub, home: string): Record<string, string> {
  return { AETHERFS_HOST: host, XDG_CACHE_HOME: `${home}/cache` }
}

/** A journal is named for its hub: what was begun at another one goes on at this. */
function bringJournal(home: string, { host }: TestHub): void {
  const uploads = join(home, 'cache/aetherfs/uploads')
  const [journal] = existsSync(uploads) ? readdirSync(uploads) : []
  if (journal) renameSync(join(uploads, journal), join(uploads, sha256Hex(`${host}/geo`)))
}

/** What is half written is taken for abandoned after a day. */
function leaveForDays(folder: string): void {
  for (const name of namesBelow(folder)) utimesSync(join(folder, name), 1, 1)
}

/** Pulled by somebody who has nothing. */
async function readBack({ host }: TestHub, reference: string, folder: string): Promise<string[]> {
  const client = connect({ host, cacheFolder: `${folder}-cache` })
  await client.pull('', [reference], { output: folder })
  client.close()
  const lines = await treeOf(folder)
  rmSync(folder, { recursive: true })
  return lines
}

describe('a push that is killed', () => {
  it('to a hub that has nothing', async () => {
    await using folder = await temporaryFolder()
    await writeTree(folder.at('source'), LARGE)
    await attemptPush({ folder })
  })

  it('that updates', async () => {
    await using folder = await temporaryFolder()
    await writeTree(folder.at('source'), ONE)
    const store = createMemoryStorage()
    await pushed(store, folder.at('first'), folder.at('source'), 'geo:live')
    await updateTree(folder.at('source'), ONE, TWO)
    await attemptPush({ folder, store, like: folder.at('first') })
  })

  it('that goes on with one that was killed', async () => {
    await using folder = await temporaryFolder()
    const store = createMemoryStorage()
    await writeTree(folder.at('source'), LARGE)
    await killedPush(store, folder)
    await attemptPush({ folder, store, like: folder.at('first') })
  })
})

/** Pushes undisturbed. */
async function pushed(storage: Storage, home: string, source: string, reference: string): Promise<void> {
  await using hub = await startHub({ storage })
  const { exit, stderr } = await cli(['push', source, '-t', reference], { host: hub.host, home })
  assert.equal(exit, 0, stderr)
}

/** Pushes until one of two blocks is there. */
async function killedPush(storage: Storage, folder: TemporaryFolder): Promise<void> {
  await using hub = await startHub({ storage })
  const home = folder.at('first')
  makeHome(home)
  const act = { site: 'appendFile home/cache/aetherfs/uploads/#', nth: 1, how: 'after' as const }
  const env = { ...envOf(hub, home), ...stepEnv({ home }, { trace: folder.at('trace'), act }) }
  const { signal, stderr } = await runProgram(['push', folder.at('source'), '-t', 'geo:live'], { home, env })
  assert.equal(signal, 'SIGKILL', stderr)
}
