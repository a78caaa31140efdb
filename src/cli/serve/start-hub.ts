// Puts a hub together: the store, the rules, the protocols. The one place that opens a store.
import { join } from 'node:path'
import type { Logger } from 'pino'
import { createHub } from '../../hub/create-hub.ts'
import { ANONYMOUS } from '../../hub/hub.ts'
import { hubTrees } from '../../hub/hub-tree.ts'
import { createMetrics } from '../../protocols/metrics.ts'
import { createHubServer, type HubServer } from '../../protocols/serve.ts'
import { openStorage } from '../../storage/open-storage.ts'
import type { Context } from '../context.ts'
import { readPackageInfo } from '../package-info.ts'
import { dataFolder } from '../settings/xdg.ts'
import { hardenStore } from './harden-store.ts'
import { checkExposure, parseListenAddress } from './listen-address.ts'
import { explainListenError } from './listen-error.ts'
import { createLogger } from './logger.ts'
import { type NfsDoor, nfsPlan, openNfsDoor } from './nfs-door.ts'
import { openReads } from './open-reads.ts'
import { readTlsFiles, type TlsFiles, tlsFiles } from './tls-files.ts'

export interface RunningHub {
  url: string
  /** Of the NFS door, when there is one. */
  nfsUrl: string | undefined
  /** Takes no more requests, and ends when those under way have, or at the deadline. */
  stop(): Promise<void>
}

export async function startHub(context: Context): Promise<RunningHub> {
  const { settings, world } = context
  const { address, files, tls, location, nfs } = await planOf(context)
  const singleWriter = settings['run.singleWriter']
  const logger = createLogger(world, settings['run.logLevel'], settings.json)
  const version = readPackageInfo().version
  await using opened = new AsyncDisposableStack() // closed again when a later step fails
  const storage = opened.adopt(await openStorage(location, { singleWriter }), (store) => store.close())
  const metrics = createMetrics()
  const hardened = hardenStore(storage, location, metrics.store, logger)
  const deltas = { background: settings['run.deltas'], onEncoded: metrics.deltas.onEncoded }
  const contents = opened.adopt(openReads(settings, metrics.reads, logger), (cache) => cache.close())
  const onWrongBytes = (error: Error) => logger.warn({ err: error }, 'wrong bytes of the store, read once more')
  const deps = { storage: hardened, deltas, contents, onWrongBytes }
  const hub = opened.adopt(await createHub(deps), (running) => running.close())
  const trees = hubTrees(hub, contents)
  const nfsDeps = { hub, tree: trees(ANONYMOUS), logger, metrics: metrics.nfs }
  const nfsDoor = nfs && opened.adopt(await openNfsDoor({ ...nfs, ...nfsDeps }), (door) => door.drain(0))
  const allowedHosts = settings['run.allowedHosts']
  const server = createHubServer({ hub, trees, tls, version, logger, metrics, allowedHosts })
  const { url } = await server.listen(address.host, address.port).catch((error: unknown) => {
    throw explainListenError(error, address)
  })
  opened.defer(reloadOnHangUp(world.onSignal, server, files, logger))
  logger.info({ url, storage: location, tls: tls !== undefined, version }, 'listening')
  return runningHub(url, server, nfsDoor, opened.move(), settings['run.drainTimeout'], logger)
}

/** All that can be wrong with the settings is found out before anything is opened. */
async function planOf({ settings, world }: Context) {
  const address = parseListenAddress(settings['run.listen'])
  checkExposure(address, settings['run.allowAnonymous'])
  const files = tlsFiles(settings)
  const tls = files && (await readTlsFiles(files))
  const location = settings['run.storage'] ?? join(dataFolder(world.env), 'store')
  return { address, files, tls, location, nfs: nfsPlan(settings) }
}

function runningHub(
  url: string,
  server: HubServer,
  nfsDoor: NfsDoor | undefined,
  opened: AsyncDisposableStack,
  drainSeconds: number,
  logger: Logger,
): RunningHub {
  return {
    url,
    nfsUrl: nfsDoor?.url,
    async stop() {
      logger.info({ seconds: drainSeconds }, 'draining')
      await Promise.all([server, nfsDoor].map((door) => door?.drain(drainSeconds * 1000)))
      await opened.disposeAsync()
      logger.info('stopped')
    },
  }
}

/** SIGHUP reads the certificate again. Without TLS it does nothing, so that a closed terminal does not end a hub half way. */
function reloadOnHangUp(
  onSignal: Context['world']['onSignal'],
  server: HubServer,
  files: TlsFiles | undefined,
  logger: Logger,
): () => void {
  return onSignal('SIGHUP', () => {
    if (files === undefined) return
    readTlsFiles(files)
      .then((fresh) => server.reloadTls(fresh))
      .then(
        () => logger.info('certificate read again'),
        (error: unknown) => logger.error({ err: error }, 'certificate not read again; the one before stays'),
      )
  })
}
