// The NFS door of a hub: its settings, and how it is opened.
import type { BlockList } from 'node:net'
import type { Logger } from 'pino'
import { isLoopback } from '../../client/hosts.ts'
import type { ReadableTree } from '../../dataset/tree/readable-tree.ts'
import type { Hub } from '../../hub/hub.ts'
import { parseAddresses } from '../../protocols/nfs/client-addresses.ts'
import { checkSecretPath } from '../../protocols/nfs/export.ts'
import { createNfsServer, type NfsServer } from '../../protocols/nfs/serve-nfs.ts'
import type { NfsMetrics } from '../../protocols/nfs-metrics.ts'
import { usageError } from '../errors/usage-error.ts'
import type { Settings } from '../settings/settings.ts'
import { type ListenAddress, parseListenAddress } from './listen-address.ts'
import { explainListenError } from './listen-error.ts'

export interface NfsPlan {
  address: ListenAddress
  secretPath: string | undefined
  allowed: BlockList | undefined
}

export interface NfsDoor extends NfsServer {
  url: string
}

/** Undefined without `--nfs`. @throws {AetherError} `invalid` */
export function nfsPlan(settings: Settings): NfsPlan | undefined {
  const { 'run.nfs': text, 'run.nfsPath': secretPath, 'run.nfsAllow': addresses } = settings
  if (text === undefined) {
    if (secretPath === undefined && addresses.length === 0) return undefined
    throw usageError('There are limits for NFS, and no NFS', 'Say --nfs too')
  }
  if (secretPath !== undefined) checkSecretPath(secretPath)
  const plan = {
    address: parseListenAddress(text),
    secretPath,
    allowed: addresses.length === 0 ? undefined : parseAddresses(addresses),
  }
  checkNfsExposure(plan, settings['run.allowAnonymous'])
  return plan
}

/** Over NFS nobody says who they are, so it takes a word of the operator for others than this machine to read everything. */
function checkNfsExposure({ address, secretPath, allowed }: NfsPlan, allowAnonymous: boolean): void {
  if (isLoopback(address.host) || allowAnonymous || secretPath !== undefined || allowed !== undefined) return
  throw usageError(
    `Cannot serve NFS on "${address.host}": everybody who reaches it could read everything`,
    'Limit it with --nfs-allow or --nfs-path, or say --allow-anonymous when that is what you want',
  )
}

export interface NfsDoorDeps extends NfsPlan {
  hub: Hub
  tree: ReadableTree
  logger: Logger
  metrics: NfsMetrics
}

export async function openNfsDoor({ address, hub, ...deps }: NfsDoorDeps): Promise<NfsDoor> {
  // Who changes the secret path wants to be rid of those who know the old one, and of their handles.
  const handleKey = hub.derivedSecret(`nfs handles ${deps.secretPath ?? ''}`)
  const server = createNfsServer({ ...deps, handleKey })
  const { url } = await server.listen(address.host, address.port).catch((error: unknown) => {
    throw explainListenError(error, address, '--nfs')
  })
  deps.logger.info({ url, limitedByPath: deps.secretPath !== undefined }, 'listening for NFS')
  return { ...server, url }
}
