// What was done before a kill is not done again: pushes and pulls of 100 MB go on from about the half.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { describe, it } from 'node:test'
import { randomBytesOf } from '../testing/random.fixture.ts'
import { file, type Tree, treeOf, writeTree } from '../testing/tree.fixture.ts'
import { until } from '../testing/until.fixture.ts'
import { type FaultWorld, openFaultWorld, type PullJson, type PushJson } from './fault-world.fixture.ts'
import { incomingBytes, journaledBytes } from './progress.fixture.ts'

const MB = 1_000_000
const FILES = 4
const FILE_BYTES = 25 * MB
const ALL_BYTES = FILES * FILE_BYTES

async function openLargeWorld(): Promise<FaultWorld> {
  const world = await openFaultWorld()
  const tree: Tree = {}
  for (let i = 0; i < FILES; i++) tree[`part-${i}.bin`] = file(randomBytesOf(FILE_BYTES, `part ${i}`))
  await writeTree(world.at('source'), tree)
  return world
}

describe('100 MB', () => {
  it('whose push was killed at about the half: the next one sends the rest', async () => {
    await using world = await openLargeWorld()
    const push = ['push', world.at('source'), '-t', 'large:v1', '--concurrency', '2']
    const program = world.start(...push)
    await until(() => journaledBytes(world.folder.path) > ALL_BYTES / 3, 'a third of the push')
    program.process.kill('SIGKILL')
    assert.equal((await program.outcome).signal, 'SIGKILL')
    const done = journaledBytes(world.folder.path)
    const { sentBytes, bytes } = await world.succeeds<PushJson>(...push)
    console.log(`${done} bytes were sent before and ${sentBytes} after`)
    assert.equal(bytes, ALL_BYTES)
    assert.ok(sentBytes <= ALL_BYTES - done + 2 * MB, `${sentBytes} bytes were sent again after ${done}`)
    const { path } = await world.succeeds<PullJson>('pull', world.at('target'), 'large:v1')
    assert.deepEqual(await treeOf(path), await treeOf(world.at('source')))
  })

  it('whose pull was killed at about the half: the next one fetches the rest', async () => {
    await using world = await openLargeWorld()
    await world.succeeds<PushJson>('push', world.at('source'), '-t', 'large:v1')
    const pull = ['pull', world.at('target'), 'large:v1']
    const program = world.start(...pull)
    await until(() => incomingBytes(world.at('target')) > ALL_BYTES / 3, 'a third of the pull')
    program.process.kill('SIGKILL')
    assert.equal((await program.outcome).signal, 'SIGKILL')
    assert.ok(!existsSync(world.at('target/large/v1')))
    const done = incomingBytes(world.at('target'))
    const { downloadedBytes, path } = await world.succeeds<PullJson>(...pull)
    console.log(`${done} bytes were there before and ${downloadedBytes} were fetched after`)
    assert.ok(downloadedBytes <= ALL_BYTES - done + 10 * MB, `${downloadedBytes} bytes were fetched after ${done}`)
    assert.deepEqual(await treeOf(path), await treeOf(world.at('source')))
  })

  it('through a hub that is killed again and again, arrive', async () => {
    await using world = await openLargeWorld()
    for (const command of [
      ['push', world.at('source'), '-t', 'large:v1'],
      ['pull', world.at('target'), 'large:v1'],
    ]) {
      let exit: number | undefined
      for (let tries = 0; exit !== 0; tries++) {
        const running = world.run(...command)
        const killing = tries < 4 ? setTimeout(() => void world.killHub(), world.random.int(300, 1500)) : undefined
        const outcome = await running
        clearTimeout(killing)
        exit = outcome.exit
        assert.ok(exit === 0 || exit === 8, outcome.stderr)
        await world.killHub()
        await world.checkTags()
        await world.reviveHub()
      }
    }
    assert.deepEqual(await treeOf(world.at('target/large/v1/')), await treeOf(world.at('source')))
  })
})
