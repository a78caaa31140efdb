// A trial with two hubs over one store that fails. What the hubs have around the store is what production has, or nothing.
import { connect, type ErrorCode } from '../../../src/client/index.ts'
import { type HardenedOptions, hardened } from '../../../src/storage/hardened.ts'
import { createMemoryStorage } from '../../../src/storage/memory.ts'
import { evenRates, type FaultRates } from '../../testing/faults.fixture.ts'
import { createFaultyStorage, STORAGE_FAULTS, type StorageFault } from '../../testing/faulty-storage.fixture.ts'
import { startHub } from '../../testing/hub.fixture.ts'
import { createRandom } from '../../testing/random.fixture.ts'
import type { Stage } from './stage.fixture.ts'
import { createTrial } from './trial.fixture.ts'
import type { TrialReport } from './trials.fixture.ts'

export interface StorageTrialOptions {
  stage: Stage
  seed: number
  rates: FaultRates<StorageFault>
  hardened: boolean
  deeds: number
  end?: number
}

/** That of production with shorter waits: a call that hangs is given up after less than half a second. */
export const IMPATIENT: HardenedOptions = {
  remote: true,
  timed: { base: 400, slowest: Number.POSITIVE_INFINITY },
  retries: { policy: { attempts: 8, firstDelay: 1, maxDelay: 20 } },
}
/** Milliseconds until a caller gives up. A bare hub waits for a store that hangs as long as its caller does. */
const [SHORT, LONG] = [700, 20_000]
const CODES: ErrorCode[] = ['unavailable', 'integrity']

/**
 * Everything that can happen, to about this part of all calls. Some faults can strike few calls, so they strike them more
 * often. Wrong bytes are asked for once more and no further, so that with many of them little would succeed.
 */
export function allFaults(rate: number): FaultRates<StorageFault> {
  return { ...evenRates(STORAGE_FAULTS, rate), lost: rate / 3, flipped: rate / 15, stale: rate / 2 }
}

export async function storageTrial(options: StorageTrialOptions): Promise<TrialReport> {
  const { stage, seed, rates, deeds, end } = options
  await using opened = new AsyncDisposableStack()
  const store = createMemoryStorage()
  const faulty = createFaultyStorage(store, { seed, rates })
  opened.defer(async () => faulty.heal()) // whoever still waits for an answer gets one
  faulty.heal()
  const folder = stage.folder.at(`trial-${seed}-${options.hardened}`)

  async function openClient(name: string, storage = faulty.storage) {
    const hub = opened.use(await startHub({ storage: options.hardened ? hardened(storage, IMPATIENT) : storage }))
    const client = connect({ host: hub.host, cacheFolder: `${folder}/cache-${name}`, retryForMs: 0 })
    opened.defer(async () => client.close())
    return client
  }

  const clients = [await openClient('one'), await openClient('two')]
  const random = createRandom(seed)
  const patience = options.hardened || !rates.hung ? LONG : SHORT
  const trial = createTrial({ stage, folder, random, store, clients, deeds, end, codes: CODES, patience })
  await trial.prepare()
  faulty.ail()
  const done = await trial.run()
  faulty.heal()
  await trial.settle(await openClient('fresh', store))
  return { done, injected: faulty.injected, ...faulty.totals() }
}
