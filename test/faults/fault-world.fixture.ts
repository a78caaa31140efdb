// What can be killed is a process of its own: the hub, who pushes, who pulls.
import assert from 'node:assert/strict'
import { createFolderStorage } from '../../src/storage/folder.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { cli } from '../testing/cli.fixture.ts'
import { type HubProcess, portOf, startHubProcess } from '../testing/hub-process.fixture.ts'
import { type Outcome, type Program, startProgram } from '../testing/program.fixture.ts'
import { createRandom, type Random } from '../testing/random.fixture.ts'
import { checkTagsComplete } from '../testing/stored.fixture.ts'
import { type TemporaryFolder, temporaryFolder } from '../testing/temporary-folder.fixture.ts'

export interface FaultWorld extends AsyncDisposable {
  random: Random
  /** Of the hub, also after it was started again. */
  host: string
  folder: TemporaryFolder
  at: TemporaryFolder['at']
  /** The store, seen without a hub. */
  storage: Storage
  start(...args: string[]): Program
  run(...args: string[]): Promise<Outcome>
  /** Does the same in this process, to the end, which has to be a good one; answers what it says with --json. */
  succeeds<T>(...args: string[]): Promise<T>
  /** Kills the program at a moment within the first `ms` milliseconds, unless it ends before. */
  runAndKill(ms: number, ...args: string[]): Promise<Outcome>
  killHub(): Promise<void>
  /** Starts the hub again at its old address. */
  reviveHub(): Promise<void>
  /** Promise 2, in the store. */
  checkTags(): Promise<void>
}

export async function openFaultWorld(): Promise<FaultWorld> {
  const opened = new AsyncDisposableStack()
  const folder = opened.use(await temporaryFolder())
  const random = createRandom()
  console.log(`seed ${random.seed}`)
  const store = folder.at('store')
  let hub: HubProcess = await startHubProcess({ store, home: folder.path })
  opened.defer(() => hub.kill())
  const storage = await createFolderStorage(store)
  opened.defer(() => storage.close())
  const port = portOf(hub)
  const cacheFolder = folder.at('.cache/aetherfs') // that of the programs, which have this home
  const env = { AETHERFS_HOST: hub.host, AETHERFS_RETRY_FOR: '0' }
  const start = (...args: string[]) => startProgram(args, { home: folder.path, env })

  async function succeeds<T>(...args: string[]): Promise<T> {
    const { exit, stdout, stderr } = await cli([...args, '--json'], { host: hub.host, home: folder.path, cacheFolder })
    assert.equal(exit, 0, `${args.join(' ')}: ${stderr}`)
    return (JSON.parse(stdout) as { results: T[] }).results[0]!
  }

  async function runAndKill(ms: number, ...args: string[]): Promise<Outcome> {
    const program = start(...args)
    const timer = setTimeout(() => program.process.kill('SIGKILL'), random.int(0, ms))
    const outcome = await program.outcome
    clearTimeout(timer)
    return outcome
  }

  return {
    random,
    host: hub.host,
    folder,
    at: folder.at,
    storage,
    start,
    run: (...args) => start(...args).outcome,
    succeeds,
    runAndKill,
    killHub: () => hub.kill(),
    async reviveHub() {
      hub = await startHubProcess({ store, home: folder.path, port })
    },
    checkTags: () => checkTagsComplete(storage),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

export interface PushJson {
  digest: string
  bytes: number
  sentBytes: number
}

export interface PullJson {
  path: string
  digest: string
  bytes: number
  downloadedBytes: number
}
