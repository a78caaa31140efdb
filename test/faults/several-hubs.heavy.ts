// Two hubs, each a process of its own, over one folder and over one S3: who races for a tag, and what goes on at the one
// hub when the other is killed.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { describe, it } from 'node:test'
import { connect } from '../../src/client/index.ts'
import { type HubProcess, startHubProcess } from '../testing/hub-process.fixture.ts'
import { type Outcome, type Program, startProgram } from '../testing/program.fixture.ts'
import { randomBytesOf } from '../testing/random.fixture.ts'
import { startS3 } from '../testing/s3/start-s3.fixture.ts'
import { type TemporaryFolder, temporaryFolder } from '../testing/temporary-folder.fixture.ts'
import { file, type Tree, treeOf, writeTree } from '../testing/tree.fixture.ts'
import { until } from '../testing/until.fixture.ts'
import type { PullJson, PushJson } from './fault-world.fixture.ts'
import { incomingBytes, journaledBlocks } from './progress.fixture.ts'

const MB = 1_000_000
const ALL_BYTES = 72 * MB

interface Hubs extends AsyncDisposable {
  at: TemporaryFolder['at']
  hubs: [HubProcess, HubProcess]
  /** Runs `aetherfs <args>` with these hubs as --host. */
  start(hubs: HubProcess[], ...args: string[]): Program
  run(hubs: HubProcess[], ...args: string[]): Promise<Outcome>
}

async function openHubs(kind: 'a folder' | 'S3'): Promise<Hubs> {
  const opened = new AsyncDisposableStack()
  const folder = opened.use(await temporaryFolder())
  const s3 = kind === 'S3' ? opened.use(await startS3()) : undefined
  const options = { home: folder.path, store: s3?.url ?? folder.at('store'), env: s3?.env }
  const hubs: Hubs['hubs'] = [opened.use(await startHubProcess(options)), opened.use(await startHubProcess(options))]
  const start: Hubs['start'] = (hubs, ...args) =>
    startProgram([...args, '--host', hubs.map(({ host }) => host).join(',')], { home: folder.path })
  return {
    at: folder.at,
    hubs,
    start,
    run: (...args) => start(...args).outcome,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

function resultOf<T>({ exit, stdout, stderr }: Outcome): T {
  assert.equal(exit, 0, stderr)
  return (JSON.parse(stdout) as { results: T[] }).results[0]!
}

async function writeLarge(path: string): Promise<void> {
  const tree: Tree = {}
  for (let i = 0; i < 3; i++) tree[`part-${i}.bin`] = file(randomBytesOf(ALL_BYTES / 3, `part ${i}`))
  await writeTree(path, tree)
}

/** Blocks that a hub has taken in since it was started. */
async function uploadsAt({ url }: HubProcess): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const line = text
    .split('\n')
    .find((line) => /^aetherfs_http_requests_total\{.*\/blocks\/.*"PUT",status="201"/.test(line))
  return Number(line?.split(' ').at(-1) ?? 0)
}

for (const kind of ['a folder', 'S3'] as const) {
  describe(`two hubs over ${kind}`, () => {
    it('let exactly one win who race for a tag; the other is told where it points now', async () => {
      await using world = await openHubs(kind)
      const [one, two] = world.hubs
      const digests: Record<string, string> = {}
      for (const name of ['a', 'b', 'c']) {
        await writeTree(world.at(name), { 'name.txt': file(name) })
        const pushed = resultOf<PushJson>(await world.run([one], 'push', world.at(name), '-t', `geo:${name}`, '--json'))
        digests[name] = pushed.digest
      }
      let present: string | undefined
      for (let round = 0; round < 6; round++) {
        const others = ['a', 'b', 'c'].filter((name) => name !== present)
        const move = (hub: HubProcess, name: string) =>
          world.run([hub], 'tag', `geo:${name}`, 'geo:live', '--expect', digests[present ?? ''] ?? 'none')
        const outcomes = await Promise.all([move(one, others[0]!), move(two, others[1]!)])
        const exits = outcomes.map(({ exit }) => exit)
        assert.deepEqual(exits.toSorted(), [0, 6], outcomes.map(({ stderr }) => stderr).join())
        present = others[exits.indexOf(0)]!
        const { stderr } = outcomes[exits.indexOf(6)]!
        assert.ok(stderr.includes(digests[present]!), stderr)
      }
      await checkLog(two, 'geo:live')
    })

    it('go on with a push where the other one was killed: each block is sent once', async () => {
      await using world = await openHubs(kind)
      const [one, two] = world.hubs
      await writeLarge(world.at('source'))
      const push = ['push', world.at('source'), '-t', 'large:v1', '--concurrency', '1', '--json']
      const program = world.start([one, two], ...push)
      await until(() => journaledBlocks(world.at()).length >= 2, 'two blocks at the first hub')
      const done = journaledBlocks(world.at()).length
      await one.kill()
      const pushed = resultOf<PushJson & { blocks: number }>(await program.outcome)
      const uploads = await uploadsAt(two)
      console.log(`${done} of ${pushed.blocks} blocks were at the first hub, and ${uploads} came to the second one`)
      assert.ok(uploads > 0 && uploads <= pushed.blocks - done, `${uploads} blocks came to the second hub`)
      const pull = await world.run([two], 'pull', world.at('target'), 'large:v1', '--json')
      assert.deepEqual(await treeOf(resultOf<PullJson>(pull).path), await treeOf(world.at('source')))
    })

    it('go on with a push that was killed together with its hub: what was sent is not sent again', async () => {
      await using world = await openHubs(kind)
      const [one, two] = world.hubs
      await writeLarge(world.at('source'))
      const push = ['push', world.at('source'), '-t', 'large:v1', '--concurrency', '1', '--json']
      const program = world.start([one, two], ...push)
      await until(() => journaledBlocks(world.at()).length >= 2, 'two blocks at the first hub')
      program.process.kill('SIGKILL')
      await Promise.all([program.outcome, one.kill()])
      const done = journaledBlocks(world.at())
      const { sentBytes } = resultOf<PushJson>(await world.run([one, two], ...push))
      const before = done.reduce((sum, { size }) => sum + size, 0)
      console.log(`${before} bytes were sent before and ${sentBytes} after`)
      assert.ok(sentBytes <= ALL_BYTES - before + MB / 2, `${sentBytes} bytes were sent after ${before}`)
      const pull = await world.run([two], 'pull', world.at('target'), 'large:v1', '--json')
      assert.deepEqual(await treeOf(resultOf<PullJson>(pull).path), await treeOf(world.at('source')))
    })

    it('go on with a pull where the other one was killed', async () => {
      await using world = await openHubs(kind)
      const [one, two] = world.hubs
      await writeLarge(world.at('source'))
      resultOf(await world.run([two], 'push', world.at('source'), '-t', 'large:v1', '--json'))
      const program = world.start([one, two], 'pull', world.at('target'), 'large:v1', '--json', '--bwlimit', '40M')
      await until(() => incomingBytes(world.at('target')) > ALL_BYTES / 4, 'a quarter of the pull')
      assert.ok(!existsSync(world.at('target/large/v1')))
      await one.kill()
      const pulled = resultOf<PullJson>(await program.outcome)
      console.log(`${pulled.downloadedBytes} bytes were fetched in all`)
      assert.ok(pulled.downloadedBytes < ALL_BYTES + 30 * MB, `${pulled.downloadedBytes} bytes were fetched`)
      assert.deepEqual(await treeOf(pulled.path), await treeOf(world.at('source')))
    })
  })
}

async function checkLog({ host }: HubProcess, reference: string): Promise<void> {
  const client = connect({ host })
  const log = await Array.fromAsync(client.log(reference))
  client.close()
  assert.ok(log.length === 6, `${log.length} moves`)
  log.forEach((entry, i) => void assert.equal(entry.from, log[i + 1]?.to))
}
