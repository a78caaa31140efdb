// What a loss of power may take away. A kill leaves everything to the operating system, so this is looked at by the order of
// calls: a link is switched only when all that it will lead to is on stable storage.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { delimiter } from 'node:path'
import { describe, it } from 'node:test'
import { type Outcome, runProgram } from './testing/program.fixture.ts'
import { type Act, isWriting, readTrace, stepEnv } from './testing/steps/step-plan.fixture.ts'
import { file, type Tree, treeOf, writeTree } from './testing/tree.fixture.ts'
import { openWorld, type TestWorld } from './testing/world.fixture.ts'

const TREE: Tree = {
  'large.bin': file(Buffer.alloc(3_000_000, 'large')),
  'small/a.txt': file('a'),
  'small/link': { kind: 'link', target: 'a.txt' },
  empty: { kind: 'folder' },
}

/** What a `sync` of the operating system's is called in a trace: the file system, as a whole, when it is done. */
const WHOLE = 'the file system is synced'

/** The steps of a pull that matter: syncs, new names, and the last write to the files of the version. */
async function traceOf(world: TestWorld, args: string[], incoming: string): Promise<string[]> {
  const outcome = await pull(world, args, `${world.at('bin')}${delimiter}${process.env.PATH}`)
  assert.equal(outcome.exit, 0, outcome.stderr)
  const sites = readTrace(world.at('trace')).steps.map(({ site }) => site)
  const lastWrite = sites.findLastIndex((site) => isWriting(site) && site.includes(`${incoming}/`))
  const after = sites.slice(lastWrite + 1).filter((site) => /^(the |sync|rename|symlink)/.test(site))
  return ['the last write', ...after]
}

async function pull(world: TestWorld, args: string[], path: string, act?: Act): Promise<Outcome> {
  await writeTree(world.at('bin'), {
    sync: file(`#!/bin/sh\nsleep 0.2\necho '${WHOLE}' >> '${world.at('trace')}'\n`, true),
  })
  await writeFile(world.at('trace'), '')
  const plan = { trace: world.at('trace'), act }
  const env = { AETHERFS_HOST: world.hub.host, PATH: path, ...stepEnv({ home: world.at('home') }, plan) }
  return await runProgram(['pull', ...args], { home: world.folder.path, env })
}

async function openPushedWorld(): Promise<TestWorld> {
  const world = await openWorld()
  await writeTree(world.at('source'), TREE)
  await writeTree(world.at('home'), {})
  await world.client.push(world.at('source'), ['geo:live'])
  return world
}

describe('a loss of power', () => {
  it('finds the old version or the new one, whole: the link is switched when all is synced', async () => {
    await using world = await openPushedWorld()
    const trace = await traceOf(world, [world.at('home/target'), 'geo:live'], 'incoming/#')
    const own = 'home/target/.aetherfs'
    assert.deepEqual(trace, [
      'the last write',
      WHOLE,
      `rename ${own}/records/.# > ${own}/records/#`,
      `rename ${own}/incoming/# > ${own}/snapshots/#`,
      `sync ${own}/records`,
      `sync ${own}/snapshots`,
      `symlink ${own}/incoming/.link-#`,
      `rename ${own}/incoming/.link-# > home/target/geo/live`,
      'sync home/target/geo',
      'sync home/target',
    ])
  })

  it('takes no old version away before the new one is linked for good', async () => {
    await using world = await openPushedWorld()
    const args = [world.at('home/target'), 'geo:live', '--keep', '0']
    await traceOf(world, args, 'incoming/#')
    await writeTree(world.at('source'), { 'small/a.txt': file('b') })
    await world.client.push(world.at('source'), ['geo:live'])
    const trace = await traceOf(world, args, 'incoming/#')
    const removal = trace.findIndex((site) => /snapshots\/# > .*trash/.test(site))
    assert.deepEqual(trace.slice(removal - 3, removal), [
      'rename home/target/.aetherfs/incoming/.link-# > home/target/geo/live',
      'sync home/target/geo',
      'sync home/target',
    ])
  })

  it('finds a plain folder whole or not at all', async () => {
    await using world = await openPushedWorld()
    const trace = await traceOf(world, ['-o', world.at('home/plain'), 'geo:live'], 'incoming/files')
    const renamed = 'rename home/.plain.aetherfs-incoming/files > home/plain'
    assert.deepEqual(trace, ['the last write', WHOLE, renamed, 'sync home'])
  })

  it('is waited for file by file where the system has no sync, and a failure of one is one of the pull', async () => {
    await using world = await openPushedWorld()
    const args = [world.at('home/target'), 'geo:live']
    const site = 'sync home/target/.aetherfs/incoming/#/large.bin'
    const failed = await pull(world, args, '/nowhere', { site, nth: 1, how: 'fail', code: 'EIO' })
    assert.deepEqual([failed.exit, failed.stdout], [1, ''], failed.stderr)
    assert.match(failed.stderr, /The disk failed: ".*target": EIO.*\nhint: /)
    const outcome = await pull(world, args, '/nowhere')
    assert.equal(outcome.exit, 0, outcome.stderr)
    const trace = readTrace(world.at('trace')).steps.map(({ site }) => site)
    const placed = trace.findIndex((site) => site.startsWith('rename') && site.includes('snapshots'))
    for (const path of ['large.bin', 'small/a.txt', 'small', 'empty', ''])
      assert.ok(
        trace.slice(0, placed).includes(`sync home/target/.aetherfs/incoming/#/${path}`.replace(/\/$/, '')),
        path,
      )
    assert.deepEqual(await treeOf(world.at('home/target/geo/live/')), await treeOf(world.at('source')))
  })
})

it('a program that waits for what never comes says so and does not end with success', async () => {
  await using world = await openWorld()
  const act: Act = { site: 'readFile home/.config/aetherfs/config.yaml', nth: 1, how: 'hang' }
  const env = stepEnv({ home: world.at('home') }, { trace: world.at('trace'), act })
  await writeTree(world.at('home'), {})
  const { exit, stderr } = await runProgram(['ls'], { home: world.at('home'), env })
  assert.equal(exit, 1)
  assert.match(stderr, /^aetherfs: The program waits for something that never comes\nhint: This is a defect/)
})
