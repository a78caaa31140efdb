// `aetherfs verify --storage` as a process: killed at random moments, on an S3 that goes away, and on a store of very many
// objects.
import assert from 'node:assert/strict'
import { readdir, readFile, stat } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createFolderStorage } from '../../src/storage/folder.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { fillStore } from '../testing/many-snapshots.fixture.ts'
import { startProgram } from '../testing/program.fixture.ts'
import { createRandom } from '../testing/random.fixture.ts'
import { FAULTS } from '../testing/s3/faults.fixture.ts'
import { openS3 } from '../testing/s3/open-s3.fixture.ts'
import { type S3ServerOptions, startS3 } from '../testing/s3/start-s3.fixture.ts'
import { listStore } from '../testing/stored.fixture.ts'
import { temporaryFolder } from '../testing/temporary-folder.fixture.ts'
import { until } from '../testing/until.fixture.ts'
import { makeWideStore } from '../testing/wide-store.fixture.ts'

const SNAPSHOTS = 150

interface Result {
  ok: boolean
  began?: string
  resumed?: boolean
  found: number
}

/** What does not depend on when a check began and how often it was interrupted. */
function resultOf(stdout: string): Result {
  const { began: _, resumed: __, ...result } = JSON.parse(stdout) as Result
  return result
}

async function damage(storage: Storage): Promise<void> {
  const random = createRandom()
  console.log(`seed ${random.seed}`)
  const all = (await listStore(storage)).map((line) => line.split(' ')[0]!)
  for (let i = 0; i < 10; i++) await storage.put(random.pick(all), Buffer.from('damaged'))
}

describe('a check of a store', () => {
  it('finds the same when it is killed again and again', async () => {
    await using folder = await temporaryFolder()
    const store = folder.at('store')
    makeWideStore(store, 4000, 2)
    await damage(await createFolderStorage(store))
    const verify = (...more: string[]) =>
      startProgram(['verify', '--storage', store, '--json', '--no-progress', ...more], { home: folder.path })
    const expected = await verify('--state', folder.at('whole')).outcome
    assert.equal(expected.exit, 7, expected.stderr)

    const random = createRandom()
    let killed = 0
    let tries = 0
    for (let round = 0; round < 2; ) {
      const program = verify('--state', folder.at('state/of-it'))
      let ended = false
      const outcome = program.outcome.finally(() => (ended = true))
      await until(async () => ended || (await stateSize(folder.at('state'))) > 0, 'a state')
      await delay(random.int(0, 300 * ++tries)) // longer each time, so that it comes to an end on any machine
      program.process.kill('SIGKILL')
      const { exit, signal, stdout, stderr } = await outcome
      if (signal === 'SIGKILL') {
        killed++
        continue
      }
      assert.equal(exit, 7, stderr)
      assert.deepEqual(resultOf(stdout), resultOf(expected.stdout))
      round++
      tries = 0
    }
    console.log(`${killed} checks were killed`)
    assert.ok(killed > 3)
  })

  it('stops when it is asked to, and goes on', async () => {
    await using folder = await temporaryFolder()
    const store = folder.at('store')
    makeWideStore(store, 4000, 2)
    const verify = () => startProgram(['verify', '--storage', store, '--json', '--no-progress'], { home: folder.path })
    const first = verify()
    await until(async () => (await stateSize(folder.at('.cache/aetherfs/verify'))) > 100_000, 'a state')
    first.process.kill('SIGINT')
    const stopped = await first.outcome
    assert.equal(stopped.exit, 130, stopped.stderr)
    assert.match(stopped.stderr, /The same command goes on/)
    const { exit, stdout } = await verify().outcome
    const result = JSON.parse(stdout) as Result & { checked: { blocks: { objects: number } } }
    assert.deepEqual([exit, result.resumed, result.checked.blocks.objects], [0, true, 4000])
  })

  it('needs no more than to read and list, ends with 8 when an S3 is away, and goes on', async () => {
    await using folder = await temporaryFolder()
    const options: S3ServerOptions = {}
    await using server = await startS3(options)
    await fillStore(await openS3(server), SNAPSHOTS)
    options.readOnly = true
    const writes = () => [server.requests.PutObject, server.requests.DeleteObject]
    const [before, reads] = [writes(), () => server.requests.GetObject!]
    const verify = () =>
      startProgram(['verify', '--storage', server.url, '--files', '--retry-for', '0', '--json', '--no-progress'], {
        home: folder.path,
        env: server.env,
      })
    let left = SNAPSHOTS + 100
    server.faults = ({ operation }) => (operation === 'GetObject' && left-- <= 0 ? FAULTS.internalError() : undefined)
    const away = await verify().outcome
    assert.equal(away.exit, 8, away.stderr)
    server.faults = undefined
    const begun = reads()
    const { exit, stdout, stderr } = await verify().outcome
    assert.deepEqual([exit, (JSON.parse(stdout) as Result).resumed], [0, true], stderr)
    const objects = server.size()
    assert.ok(reads() - begun < 2 * objects - SNAPSHOTS, `${reads() - begun} reads of ${objects} objects`)
    assert.deepEqual(writes(), before)
  })

  it('takes under 300 MiB, however many objects there are', { skip: process.platform !== 'linux' }, async () => {
    await using folder = await temporaryFolder()
    makeWideStore(folder.at('store'), 70_000, 4)
    const program = startProgram(['verify', '--storage', folder.at('store'), '--no-progress'], { home: folder.path })
    let most = 0
    let ended = false
    const watching = until(
      async () => {
        most = Math.max(most, await peakOf(program.process.pid!))
        return ended
      },
      'the end of the check',
      300_000,
    )
    const { exit, stdout, stderr } = await program.outcome
    ended = true
    await watching
    assert.equal(exit, 0, stderr)
    assert.match(stdout, /^ok .*: 70,000 blocks, 4 snapshots/)
    console.log(`${Math.round(most / 1024)} MiB at most`)
    assert.ok(most < 300 * 1024, `${most} KiB`)
  })
})

/** The most memory that a process has had, in KiB; 0 when it has ended. */
async function peakOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0)
}

async function stateSize(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => [])
  const sizes = await Promise.all(names.map(async (name) => (await stat(`${folder}/${name}`)).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}
