// What was done before a kill is not done again: pushes and pulls of 100 MB go on from about the half.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { randomBytesOf } from '../testing/random.fixture.ts'
import { file, type Tree, treeOf, writeTree } from '../testing/tree.fixture.ts'
import { until } from '../testing/until.fixture.ts'
import { type FaultWorld, openFaultWorld, type PullJson, type PushJson } from './fault-world.fixture.ts'

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

/** Bytes of the blocks that an interrupted push has a receipt for. */
function journaledBytes(world: FaultWorld): number {
  const folder = world.at('.cache/aetherfs/uploads')
  if (!existsSync(folder)) return 0
  const lines = readdirSync(folder).flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1))
  return lines.reduce((sum, line) => sum + (JSON.parse(line) as { size: number }).size, 0)
}

/** Bytes of the files that an interrupted pull has built so far. */
function incomingBytes(world: FaultWorld): number {
  const folder = world.at('target/.aetherfs/incoming')
  if (!existsSync(folder)) return 0
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return names.reduce(
    (sum, { parentPath, name }) => sum + (statSync(join(parentPath, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  )
}

describe('100 MB', () => {
  it('whose push was killed at about the half: the next one sends the rest', async () => {
    await using world = await openLargeWorld()
    const push = ['push', world.at('source'), '-t', 'large:v1', '--concurrency', '2']
    const program = world.start(...push)
    await until(() => journaledBytes(world) > ALL_BYTES / 3, 'a third of the push')
    program.process.kill('SIGKILL')
    assert.equal((await program.outcome).signal, 'SIGKILL')
    const done = journaledBytes(world)
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
    await until(() => incomingBytes(world) > ALL_BYTES / 3, 'a third of the pull')
    program.process.kill('SIGKILL')
    assert.equal((await program.outcome).signal, 'SIGKILL')
    assert.ok(!existsSync(world.at('target/large/v1')))
    const done = incomingBytes(world)
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
