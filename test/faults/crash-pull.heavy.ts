// Pulls that are killed before, in and after their calls of the file system. The folder is one whole version at any time, the
// same pull completes, and nothing is left over.
import assert from 'node:assert/strict'
import { chmodSync, existsSync } from 'node:fs'
import { describe, it } from 'node:test'
import { cli } from '../testing/cli.fixture.ts'
import { runProgram } from '../testing/program.fixture.ts'
import { createRandom, randomBytesOf } from '../testing/random.fixture.ts'
import { stepEnv } from '../testing/steps/step-plan.fixture.ts'
import { file, type Tree, treeOf, writeTree } from '../testing/tree.fixture.ts'
import { openWorld, type TestWorld } from '../testing/world.fixture.ts'
import { type Attempt, attemptAll } from './steps/attempts.fixture.ts'
import { makeHome, namesBelow, workInMemory } from './steps/home.fixture.ts'
import { createKills } from './steps/kills.fixture.ts'

workInMemory()
const choose = createKills()

const KiB = 1024
const ONE: Tree = {
  'large.bin': file(randomBytesOf(1500 * KiB, 'large')),
  'same.bin': file(randomBytesOf(200 * KiB, 'same')),
  'deep/same.bin': file(randomBytesOf(200 * KiB, 'same')),
  'small/a.txt': file('a'),
  'small/b.txt': file('b'),
  'bin/run': file('#!/bin/sh\n', true),
  empty: { kind: 'folder' },
  'small/link': { kind: 'link', target: '../large.bin' },
}
const TWO: Tree = {
  ...ONE,
  'large.bin': file(Buffer.concat([randomBytesOf(1500 * KiB, 'large'), randomBytesOf(1500 * KiB, 'more')])),
  'small/a.txt': file('another a'),
  'new/empty': { kind: 'folder' },
}

/** A hub where "geo:live" is the second version. */
async function openPullWorld() {
  const world = await openWorld()
  await writeTree(world.at('one'), ONE)
  await writeTree(world.at('two'), TWO)
  await world.client.push(world.at('one'), ['geo:v1'])
  await world.client.push(world.at('two'), ['geo:v2', 'geo:live'])
  const [one, two] = await Promise.all([treeOf(world.at('one')), treeOf(world.at('two'))])
  return { ...world, one, two }
}

interface Pull {
  /** Arguments of `aetherfs pull`. */
  args: (home: string) => string[]
  /** A home to begin with. */
  like?: string
  /** What consumers look at, below the home. */
  folder: string
  /** Lines that are there before the pull, if any, and after it. */
  before?: string[]
  after: string[]
  /** Exit code of the second time when the first time got as far as the end. */
  done?: number
}

async function attemptPull(world: TestWorld, { args, like, folder, before, after, done = 0 }: Pull): Promise<void> {
  const random = createRandom()
  console.log(`seed ${random.seed}`)
  let clean: string[] | undefined

  async function scenario(name: string): Promise<Attempt> {
    const home = world.at(name)
    makeHome(home, like)
    const argv = ['pull', ...args(home)]
    const env = { AETHERFS_HOST: world.hub.host, XDG_CACHE_HOME: `${home}/cache` }
    const seen = async () => (existsSync(`${home}/${folder}`) ? await treeOf(`${home}/${folder}/`) : undefined)
    return {
      run: (plan) => runProgram(argv, { home, env: { ...env, ...stepEnv({ home }, plan) } }),
      async inspect({ signal, exit, stderr }) {
        assert.ok(signal === 'SIGKILL' || exit === 0, stderr)
        const now = await seen()
        if (exit === 0 || JSON.stringify(now) !== JSON.stringify(before)) assert.deepEqual(now, after)
      },
      async repeat() {
        const isThere = JSON.stringify(await seen()) === JSON.stringify(after)
        const { exit, stderr } = await cli(argv, { host: world.hub.host, home })
        assert.equal(exit, isThere ? done : 0, stderr)
        assert.deepEqual(await seen(), after)
        clean ??= namesBelow(home)
        assert.deepEqual(namesBelow(home), clean)
      },
      [Symbol.asyncDispose]: async () => {},
    }
  }
  await attemptAll(scenario, random, choose)
}

/** Pulls undisturbed. */
async function pulled(world: TestWorld, home: string, ...args: string[]): Promise<void> {
  const { exit, stderr } = await cli(['pull', ...args], { host: world.hub.host, home })
  assert.equal(exit, 0, stderr)
}

describe('a pull that is killed', () => {
  it('into a new target', async () => {
    await using world = await openPullWorld()
    const args = (home: string) => [`${home}/target`, 'geo:live']
    await attemptPull(world, { args, folder: 'target/geo/live', after: world.two })
  })

  it('that updates', async () => {
    await using world = await openPullWorld()
    const like = world.at('first')
    await world.client.tag('geo:v1', 'geo:live')
    await pulled(world, like, `${like}/target`, 'geo:live')
    await world.client.tag('geo:v2', 'geo:live')
    chmodSync(`${like}/target/geo/live/small/b.txt`, 0o644) // what others may write to is not linked but copied
    const args = (home: string) => [`${home}/target`, 'geo:live', '--keep', '0']
    await attemptPull(world, { args, like, folder: 'target/geo/live', before: world.one, after: world.two })
  })

  it('that goes back to a version that is still there', async () => {
    await using world = await openPullWorld()
    const like = world.at('first')
    await pulled(world, like, `${like}/target`, 'geo:live')
    await world.client.tag('geo:v1', 'geo:live')
    await pulled(world, like, `${like}/target`, 'geo:live')
    await world.client.tag('geo:v2', 'geo:live')
    const args = (home: string) => [`${home}/target`, 'geo:live', '--keep', '0']
    await attemptPull(world, { args, like, folder: 'target/geo/live', before: world.one, after: world.two })
  })

  it('that goes on with one that was killed', async () => {
    await using world = await openPullWorld()
    const like = world.at('first')
    makeHome(like)
    const act = { site: 'writev home/target/.aetherfs/incoming/#/large.bin', nth: 2, how: 'amid' as const }
    const env = { AETHERFS_HOST: world.hub.host, ...stepEnv({ home: like }, { trace: world.at('trace'), act }) }
    const { signal, stderr } = await runProgram(['pull', `${like}/target`, 'geo:live'], { home: like, env })
    assert.equal(signal, 'SIGKILL', stderr)
    const args = (home: string) => [`${home}/target`, 'geo:live']
    await attemptPull(world, { args, like, folder: 'target/geo/live', after: world.two })
  })

  it('into a plain folder', async () => {
    await using world = await openPullWorld()
    const args = (home: string) => ['-o', `${home}/plain`, 'geo:live']
    // Once the folder is there, it is in the way of the second pull.
    await attemptPull(world, { args, folder: 'plain', after: world.two, done: 6 })
  })
})
