// Pushes to be disturbed: what there is before them, and what has to be there after them.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from '../../../src/client/index.ts'
import { sha256Hex } from '../../../src/core/id.ts'
import { createMemoryStorage } from '../../../src/storage/memory.ts'
import type { Storage } from '../../../src/storage/storage.ts'
import { writeArchives } from '../../testing/archives.fixture.ts'
import { cli } from '../../testing/cli.fixture.ts'
import { startHub, type TestHub } from '../../testing/hub.fixture.ts'
import { runProgram } from '../../testing/program.fixture.ts'
import { randomBytesOf } from '../../testing/random.fixture.ts'
import { stepEnv } from '../../testing/steps/step-plan.fixture.ts'
import { checkTagsComplete, storedTags } from '../../testing/stored.fixture.ts'
import type { TemporaryFolder } from '../../testing/temporary-folder.fixture.ts'
import { file, type Tree, treeOf, updateTree, writeTree } from '../../testing/tree.fixture.ts'
import { copyOf } from '../../testing/wrapped-storage.fixture.ts'
import type { Attempt, Scenario } from './attempts.fixture.ts'
import { checkEnd } from './failures.fixture.ts'
import { makeHome, namesBelow } from './home.fixture.ts'

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
const TWO: Tree = { ...ONE, 'small/a.txt': file('another a'), 'new.bin': file(randomBytesOf(MiB / 2, 'new')) }
/** Of two blocks. */
const LARGE: Tree = { ...ONE, 'large.bin': file(randomBytesOf(17 * MiB, 'large')) }

const REFERENCES = ['geo:live', 'geo:v2']

export interface Push {
  source: string
  /** What is pushed, when the source is an archive. @default the source */
  folder?: string
  /** A store and a home to begin with. */
  store: Storage
  like?: string
}

/** A hub and a home for each attempt; the source is that of all. */
export async function pushScenario(
  { at }: TemporaryFolder,
  { source, folder = source, store, like }: Push,
): Promise<Scenario> {
  const args = ['push', source, ...REFERENCES.flatMap((reference) => ['-t', reference])]
  const before = await storedTags(store)
  const lines = (await treeOf(folder)).filter((line) => !line.startsWith('".aetherfsignore"'))

  return async (name): Promise<Attempt> => {
    const home = at(name)
    makeHome(home, like)
    const storage = await copyOf(store)
    const hub = await startHub({ storage })
    bringJournal(home, hub)
    return {
      run: (plan) => runProgram(args, { home, env: { ...envOf(hub, home), ...stepEnv({ home, source }, plan) } }),
      async inspect(outcome, act) {
        checkEnd(outcome, act)
        await checkTagsComplete(storage)
        const now = await storedTags(storage)
        for (const [tag, digest] of before) assert.ok(now.has(tag), `${tag} was at ${digest} and is gone`)
        if (outcome.exit === 0) assert.ok(REFERENCES.every((reference) => now.has(reference)))
      },
      async repeat() {
        leaveForDays(join(home, 'cache'))
        const { exit, stdout, stderr } = await cli([...args, '--json'], { host: hub.host, home })
        assert.equal(exit, 0, stderr)
        const { digest } = JSON.parse(stdout).results[0] as { digest: string }
        await checkTagsComplete(storage)
        const now = await storedTags(storage)
        for (const reference of REFERENCES) assert.equal(`sha256:${now.get(reference)}`, digest)
        assert.deepEqual(await readBack(hub, `geo@${digest}`, at(`${name}-read`)), lines)
        const cache = join(home, 'cache/aetherfs')
        const files = namesBelow(cache).filter((name) => !name.endsWith('/'))
        assert.deepEqual(
          files.filter((name) => !isInPlace(cache, name)),
          [],
        )
      },
      [Symbol.asyncDispose]: () => hub[Symbol.asyncDispose](),
    }
  }
}

/** What a push leaves in its cache. Of the files that it keeps for deltas each is named by its hash. */
function isInPlace(cache: string, name: string): boolean {
  const [, hash] = /^bases\/[0-9a-f]{64}\/files\/([0-9a-f]{64})$/.exec(name) ?? []
  if (hash !== undefined) return sha256Hex(readFileSync(join(cache, name))) === hash
  return /^((sources|tails\/..)\/[0-9a-f]{64}|bases\/lock|bases\/[0-9a-f]{64}\/base)$/.test(name)
}

function envOf({ host }: TestHub, home: string): Record<string, string> {
  return { AETHERFS_HOST: host, AETHERFS_RETRY_FOR: '0', XDG_CACHE_HOME: `${home}/cache` }
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

export async function firstPush({ at }: TemporaryFolder, tree = TWO): Promise<Push> {
  await writeTree(at('source'), tree)
  return { source: at('source'), store: createMemoryStorage() }
}

export async function laterPush({ at }: TemporaryFolder): Promise<Push> {
  const store = createMemoryStorage()
  await writeTree(at('source'), ONE)
  await using hub = await startHub({ storage: store })
  const { exit, stderr } = await cli(['push', at('source'), '-t', 'geo:live'], { host: hub.host, home: at('first') })
  assert.equal(exit, 0, stderr)
  await updateTree(at('source'), ONE, TWO)
  return { source: at('source'), store, like: at('first') }
}

/** Of a push that was killed when one of two blocks was there. */
export async function resumedPush(folder: TemporaryFolder): Promise<Push> {
  const push = { ...(await firstPush(folder, LARGE)), like: folder.at('first') }
  await using hub = await startHub({ storage: push.store })
  const home = push.like
  makeHome(home)
  const act = { site: 'appendFile home/cache/aetherfs/uploads/#', nth: 1, how: 'after' as const }
  const env = { ...envOf(hub, home), ...stepEnv({ home }, { trace: folder.at('trace'), act }) }
  const { signal, stderr } = await runProgram(['push', push.source, '-t', 'geo:live'], { home, env })
  assert.equal(signal, 'SIGKILL', stderr)
  return push
}

/** Of ".tar", ".tar.zst" or ".zip". */
export async function archivePush({ at }: TemporaryFolder, ending: string): Promise<Push> {
  const { '.aetherfsignore': _, ...tree } = ONE
  await writeTree(at('folder'), tree)
  await writeArchives(at('archive'), tree)
  return { source: at('archive') + ending, folder: at('folder'), store: createMemoryStorage() }
}
