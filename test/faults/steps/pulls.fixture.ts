// Pulls to be disturbed: what there is before them, and what has to be there after them.
import assert from 'node:assert/strict'
import { chmodSync, existsSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { cli } from '../../testing/cli.fixture.ts'
import { runProgram } from '../../testing/program.fixture.ts'
import { randomBytesOf } from '../../testing/random.fixture.ts'
import { stepEnv } from '../../testing/steps/step-plan.fixture.ts'
import { file, type Tree, treeOf, writeTree } from '../../testing/tree.fixture.ts'
import { openWorld, type TestWorld } from '../../testing/world.fixture.ts'
import type { Attempt, Scenario } from './attempts.fixture.ts'
import { checkEnd } from './failures.fixture.ts'
import { makeHome, namesBelow } from './home.fixture.ts'

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

export interface PullWorld extends TestWorld {
  /** Lines of the versions. */
  one: string[]
  two: string[]
}

/** A hub where "geo:live" is the second version. */
export async function openPullWorld(): Promise<PullWorld> {
  const world = await openWorld()
  await writeTree(world.at('one'), ONE)
  await writeTree(world.at('two'), TWO)
  await world.client.push(world.at('one'), ['geo:v1'])
  await world.client.push(world.at('two'), ['geo:v2', 'geo:live'])
  return { ...world, one: await treeOf(world.at('one')), two: await treeOf(world.at('two')) }
}

export interface Pull {
  /** Arguments of `aetherfs pull`. */
  args: (home: string) => string[]
  /** A home to begin with. */
  like?: string
  /** What consumers look at, below the home. */
  folder: string
  /** Lines that are there before the pull, if any, and after it. */
  before?: string[]
  after: string[]
  /** Exit code of a second pull when the first was done. @default 0 */
  again?: (home: string) => number
}

/** A new home for each attempt; the hub stays. */
export function pullScenario(world: PullWorld, { args, like, folder, before, after, again = () => 0 }: Pull): Scenario {
  const clean = new Set<string>()
  return async (name): Promise<Attempt> => {
    const home = world.at(name)
    makeHome(home, like)
    const argv = ['pull', ...args(home)]
    const env = { ...envOf(world), XDG_CACHE_HOME: `${home}/cache` }
    const seen = async () => (existsSync(`${home}/${folder}`) ? await treeOf(`${home}/${folder}/`) : undefined)
    return {
      run: (plan) => runProgram(argv, { home, env: { ...env, ...stepEnv({ home }, plan) } }),
      async inspect(outcome, act) {
        checkEnd(outcome, act)
        const now = await seen()
        if (outcome.exit === 0 || !isDeepStrictEqual(now, before)) assert.deepEqual(now, after)
      },
      async repeat() {
        const expected = isDeepStrictEqual(await seen(), after) ? again(home) : 0
        const { exit, stderr } = await cli(argv, { host: world.hub.host, home })
        assert.equal(exit, expected, stderr)
        assert.deepEqual(await seen(), after)
        const names = namesBelow(home)
        if (clean.size === 0) for (const name of names) clean.add(name)
        assert.deepEqual(
          names.filter((name) => !clean.has(name)),
          [],
          'nothing is left over',
        )
      },
      [Symbol.asyncDispose]: async () => {},
    }
  }
}

function envOf({ hub }: PullWorld): Record<string, string> {
  return { AETHERFS_HOST: hub.host, AETHERFS_RETRY_FOR: '0' }
}

export function newTarget({ two }: PullWorld): Pull {
  return { args: (home) => [`${home}/target`, 'geo:live'], folder: 'target/geo/live', after: two }
}

export function plainFolder({ two }: PullWorld): Pull {
  // Once the folder is there, it is in the way of the second pull.
  // As long as what it was built in lies beside it, a folder can be known to be its own.
  const again = (home: string) => (existsSync(`${home}/.plain.aetherfs-incoming`) ? 0 : 6)
  return { args: (home) => ['-o', `${home}/plain`, 'geo:live'], folder: 'plain', after: two, again }
}

const updating = (home: string) => [`${home}/target`, 'geo:live', '--keep', '0']

export async function update(world: PullWorld): Promise<Pull> {
  const like = world.at('first')
  await world.client.tag('geo:v1', 'geo:live')
  await pulled(world, like)
  await world.client.tag('geo:v2', 'geo:live')
  chmodSync(`${like}/target/geo/live/small/b.txt`, 0o644) // what others may write to is not linked but copied
  return { args: updating, like, folder: 'target/geo/live', before: world.one, after: world.two }
}

/** To a version that is in the target still. */
export async function wayBack(world: PullWorld): Promise<Pull> {
  const like = world.at('first')
  await pulled(world, like)
  await world.client.tag('geo:v1', 'geo:live')
  await pulled(world, like)
  await world.client.tag('geo:v2', 'geo:live')
  return { args: updating, like, folder: 'target/geo/live', before: world.one, after: world.two }
}

/** Of a pull that was killed in the middle of a large file. */
export async function resumption(world: PullWorld): Promise<Pull> {
  const like = world.at('first')
  makeHome(like)
  const act = { site: 'writev home/target/.aetherfs/incoming/#/large.bin', nth: 2, how: 'amid' as const }
  const env = { ...envOf(world), ...stepEnv({ home: like }, { trace: world.at('trace'), act }) }
  const { signal, stderr } = await runProgram(['pull', `${like}/target`, 'geo:live'], { home: like, env })
  assert.equal(signal, 'SIGKILL', stderr)
  return { ...newTarget(world), like }
}

/** Pulls undisturbed. */
async function pulled(world: PullWorld, home: string): Promise<void> {
  const { exit, stderr } = await cli(['pull', `${home}/target`, 'geo:live'], { host: world.hub.host, home })
  assert.equal(exit, 0, stderr)
}
