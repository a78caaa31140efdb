// Trials with a proxy that fails: between the clients and two hubs of one store, or between two hubs and their S3.
import { createClient, type ErrorCode } from '../../../src/client/index.ts'
import { createHttpConnection } from '../../../src/client/transport/http-connection.ts'
import { createFolderStorage } from '../../../src/storage/folder.ts'
import { hardened } from '../../../src/storage/hardened.ts'
import { createMemoryStorage } from '../../../src/storage/memory.ts'
import type { Storage } from '../../../src/storage/storage.ts'
import {
  type FaultProxy,
  type FaultProxyOptions,
  PROXY_FAULTS,
  type ProxyFault,
  startFaultProxy,
} from '../../testing/fault-proxy.fixture.ts'
import { evenRates } from '../../testing/faults.fixture.ts'
import { startHub } from '../../testing/hub.fixture.ts'
import { startHubProcess } from '../../testing/hub-process.fixture.ts'
import { createRandom } from '../../testing/random.fixture.ts'
import { openS3 } from '../../testing/s3/open-s3.fixture.ts'
import { startS3 } from '../../testing/s3/start-s3.fixture.ts'
import type { Stage } from './stage.fixture.ts'
import { IMPATIENT } from './storage-trial.fixture.ts'
import { createTrial } from './trial.fixture.ts'
import type { TrialReport } from './trials.fixture.ts'

export interface ProxyTrialOptions {
  stage: Stage
  seed: number
  /** About the part of all requests that something happens to. */
  rate: number
  deeds: number
  end?: number
  /** What stands behind the proxy. */
  behind: 'hubs' | 'hub processes' | 'S3'
}

/** Hubs of one store as clients are to reach them, and that store without anything in between. */
interface Hubs {
  hosts: string[]
  store: Storage
  proxies: FaultProxy[]
}

/** A call that hangs is given up after that many milliseconds. */
const SILENCE = 1000
/** Milliseconds until a caller gives up. */
const PATIENCE = 40_000
const CODES: ErrorCode[] = ['unavailable', 'integrity']
/** Bulk bytes are named by hashes. Calls have nothing but TLS, and that is not there on the loopback address. */
const isBulk = (path: string) => /\/(blocks|record)\b/.test(path)
/** Half a day may pass before a publish answers, so that nobody gives it up. */
const isPublish = (path: string) => path.endsWith('/PublishSnapshot')

export async function proxyTrial(options: ProxyTrialOptions): Promise<TrialReport> {
  const { stage, seed, deeds, end, behind } = options
  await using opened = new AsyncDisposableStack()
  const folder = stage.folder.at(`trial-${seed}-${behind}`)
  const { hosts, store, proxies } = await OPEN[behind](options, opened, folder)
  const heal = async () => proxies.forEach((proxy) => void proxy.heal())

  function openClient(host: string) {
    const transport = {
      timeouts: { connect: 5000, silence: behind === 'S3' ? PATIENCE : SILENCE },
      retryFor: behind === 'S3' ? 0 : 20_000,
    }
    const cacheFolder = `${folder}/cache-${host}`
    const client = createClient({ host, cacheFolder }, (hosts) => createHttpConnection(hosts, transport))
    opened.defer(async () => client.close())
    return client
  }

  const clients = [...hosts, hosts.join(',')].map(openClient)
  const random = createRandom(seed)
  const trial = createTrial({
    stage,
    folder,
    random,
    store,
    clients,
    deeds,
    end,
    codes: CODES,
    patience: PATIENCE,
    isRetrying: true, // if only at the other hub
  })
  await trial.prepare()
  for (const proxy of proxies) proxy.ail()
  opened.defer(heal)
  const done = await trial.run()
  await heal()
  const hub = opened.use(await startHub({ storage: store }))
  await trial.settle(openClient(hub.host))
  return { done, ...sumOf(proxies) }
}

type Opener = (options: ProxyTrialOptions, opened: AsyncDisposableStack, folder: string) => Promise<Hubs>

const OPEN: Record<ProxyTrialOptions['behind'], Opener> = {
  async hubs(options, opened) {
    const store = createMemoryStorage()
    const hubs = [opened.use(await startHub({ storage: store })), opened.use(await startHub({ storage: store }))]
    return { store, ...(await proxiesOf(hubs, options, opened)) }
  },

  async 'hub processes'(options, opened, folder) {
    const place = { store: `${folder}/store`, home: options.stage.folder.path }
    const hubs = [opened.use(await startHubProcess(place)), opened.use(await startHubProcess(place))]
    const store = opened.adopt(await createFolderStorage(place.store), (storage) => storage.close())
    return { store, ...(await proxiesOf(hubs, options, opened)) }
  },

  async S3(options, opened) {
    const s3 = opened.use(await startS3())
    const store = opened.adopt(await openS3(s3), (storage) => storage.close())
    // A wrong bit of an object is found out by who reads it; lists have nothing but TLS.
    const mayStrike = (fault: ProxyFault, method: string, path: string) =>
      fault !== 'flipped' || method === 'PUT' || !path.includes('list-type')
    const proxy = opened.use(
      await startHealthy({ ...ratesOf(options), target: s3.endpoint, mayStrike, slowDownBody: SLOW }),
    )
    const urlOf = (prefix: string) =>
      s3.urlOf(prefix).replace(encodeURIComponent(s3.endpoint), encodeURIComponent(proxy.url))
    const openHub = async () => {
      const timeouts = { connect: 5000, idle: SILENCE / 2 }
      const storage = opened.adopt(await openS3({ urlOf, env: s3.env }, { timeouts }), (storage) => storage.close())
      return opened.use(await startHub({ storage: hardened(storage, IMPATIENT) }))
    }
    const hosts = [(await openHub()).host, (await openHub()).host]
    return { store, hosts, proxies: [proxy] }
  },
}

const SLOW = '<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Reduce your request rate</Message></Error>'

async function proxiesOf(
  hubs: { url: string }[],
  options: ProxyTrialOptions,
  opened: AsyncDisposableStack,
): Promise<Pick<Hubs, 'hosts' | 'proxies'>> {
  const mayStrike = (fault: ProxyFault, _: string, path: string) =>
    (fault !== 'flipped' || isBulk(path)) && (fault !== 'hung' || !isPublish(path))
  const proxies: FaultProxy[] = []
  for (const { url: target } of hubs) {
    proxies.push(opened.use(await startHealthy({ ...ratesOf(options), target, mayStrike })))
  }
  return { proxies, hosts: proxies.map(({ host }) => host) }
}

function ratesOf({ seed, rate }: ProxyTrialOptions) {
  return { seed, rates: { ...evenRates(PROXY_FAULTS, rate), flipped: rate / 15 } }
}

async function startHealthy(options: FaultProxyOptions): Promise<FaultProxy> {
  const proxy = await startFaultProxy(options)
  proxy.heal()
  return proxy
}

function sumOf(proxies: readonly FaultProxy[]): Omit<TrialReport, 'done'> {
  const injected: Record<string, number> = {}
  for (const proxy of proxies) {
    for (const [fault, count] of Object.entries(proxy.injected)) injected[fault] = (injected[fault] ?? 0) + count
  }
  const totals = proxies.map((proxy) => proxy.totals())
  const calls = totals.reduce((sum, total) => sum + total.calls, 0)
  return { injected, calls, faults: totals.reduce((sum, total) => sum + total.faults, 0) }
}
