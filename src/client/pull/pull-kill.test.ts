import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { times } from '../../../test/testing/thorough.fixture.ts'
import { createPulling } from './testing/pulling.fixture.ts'
import { noise, type Shape, shapeOfFolder, shapeOfTree } from './testing/trees.fixture.ts'
import { VERSIONS } from './testing/versions.fixture.ts'
import { verifyFolder } from './verify-folder.ts'

const CHILD = fileURLToPath(new URL('testing/pull-child.fixture.ts', import.meta.url))
const SHAPES = VERSIONS.map((tree) => JSON.stringify(shapeOfTree(tree)))

function isWholeVersion(shape: Shape): boolean {
  return SHAPES.includes(JSON.stringify(shape))
}

function startChild(t: TestContext, target: string): ChildProcess {
  const child = spawn(process.execPath, [CHILD, target], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  return child
}

/** Calls `onLine` with the number of each line that the child writes, until it is dead. */
async function follow(child: ChildProcess, onLine: (line: number, text: string) => void): Promise<void> {
  const ended = once(child, 'exit')
  let line = 0
  for await (const text of createInterface({ input: child.stdout! })) onLine(++line, text)
  await ended
}

describe('pull under kill -9', () => {
  it('leaves the link on a whole version at every moment, and the next pull completes', async (t) => {
    const { hub, pull, target, own } = createPulling(t)
    const link = join(target, 'db/latest')
    await hub.publish('db:v1', VERSIONS[0])
    await hub.publish('db:v2', VERSIONS[1])
    const seed = Number(process.env.SEED ?? Date.now() % 1000)
    t.diagnostic(`SEED=${seed}`)
    const rounds = times(12, 5)
    let seen = 0
    for (let round = 0; round < rounds; round++) {
      const child = startChild(t, target)
      const last = 1 + (noise(seed * 100 + round, 4).readUInt32LE() % 60)
      await follow(child, (line) => line === last && child.kill('SIGKILL'))
      if (!existsSync(link)) continue
      assert.ok(isWholeVersion(shapeOfFolder(`${link}/`)), `round ${round}, killed at line ${last}`)
      seen++
    }
    assert.ok(seen > rounds / 2 - 1, `there was a version after ${seen} rounds`)
    await hub.publish('db:latest', VERSIONS[0])
    const { path } = await pull('db', { keep: 0 })
    assert.deepEqual(shapeOfFolder(`${path}/`), shapeOfTree(VERSIONS[0]))
    await hub.publish('db:latest', VERSIONS[1])
    await pull('db', { keep: 0 })
    assert.deepEqual(shapeOfFolder(`${path}/`), shapeOfTree(VERSIONS[1]))
    assert.equal((await verifyFolder(target)).ok, true)
    for (const folder of ['incoming', 'trash']) assert.deepEqual(readdirSync(own(folder)), [])
    assert.equal(readdirSync(own('snapshots')).length, 1)
  })

  it('shows observers a whole version while it switches', async (t) => {
    const { target } = createPulling(t)
    const link = join(target, 'db/latest')
    const child = startChild(t, target)
    let looks = 0
    await follow(child, (_, text) => {
      if (text !== 'pulled' && text !== 'block') return
      if (existsSync(link) && isWholeOrGone(link)) looks++
      if (looks >= 40) child.kill('SIGKILL')
    })
    assert.ok(looks >= 40)
  })
})

/** A version may be removed while it is looked at, since none is kept here; then the link has moved on. */
function isWholeOrGone(link: string): boolean {
  const version = realPathOf(link)
  try {
    if (version && isWholeVersion(shapeOfFolder(version))) return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  assert.notEqual(realPathOf(link), version, 'the link points to a version that is not whole')
  return false
}

function realPathOf(link: string): string | undefined {
  try {
    return realpathSync(link)
  } catch {
    return undefined // removed between the look at the link and the look at the version
  }
}
