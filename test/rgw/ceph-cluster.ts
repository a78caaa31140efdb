// A Ceph of one node in a temporary folder: a monitor, a store of objects in memory, and the gateway that speaks S3.
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { promisify } from 'node:util'
import { type TemporaryFolder, temporaryFolder } from '../testing/temporary-folder.fixture.ts'
import { until } from '../testing/until.fixture.ts'
import type { Ceph } from './ceph-packages.ts'
import { startDaemon } from './daemon.ts'

const execute = promisify(execFile)
/** Longest time for one step of the start, in milliseconds. Each takes about a second on an idle machine. */
const STEP_LIMIT = 60_000
/** Without this a program may speak to the monitor before it knows the id of the cluster, and is refused. */
const EARLY = ['--no-mon-config']

interface User {
  accessKeyId: string
  secretAccessKey: string
}

export interface Cluster extends AsyncDisposable, User {
  endpoint: string
}

/** Starts again when a port was taken in the meantime, or a daemon trips over itself. */
export async function startCluster(ceph: Ceph, signal: AbortSignal, attempts = 3): Promise<Cluster> {
  try {
    return await startOnce(ceph, signal)
  } catch (error) {
    if (signal.aborted || attempts === 1) throw error
    console.log(`Starting the cluster again: ${error}`)
    return startCluster(ceph, signal, attempts - 1)
  }
}

async function startOnce(ceph: Ceph, signal: AbortSignal): Promise<Cluster> {
  await using opened = new AsyncDisposableStack()
  const folder = opened.use(await temporaryFolder())
  const [monitor, gateway] = [await freePort(), await freePort()]
  const fsid = randomUUID()
  await writeFile(folder.at('ceph.conf'), configuration(ceph, folder, fsid, gateway))
  const starter = createStarter(folder, { ...ceph.env, CEPH_CONF: folder.at('ceph.conf') }, opened, signal)
  await starter.run(
    'monmaptool',
    '--create',
    '--fsid',
    fsid,
    '--addv',
    'a',
    `[v1:127.0.0.1:${monitor}]`,
    folder.at('map'),
  )
  await startStore(starter, ceph, folder)
  const user = { accessKeyId: 'test', secretAccessKey: randomUUID() }
  await startGateway(starter, user, `http://127.0.0.1:${gateway}`)
  const running = opened.move()
  const end = () => running.disposeAsync()
  return { endpoint: `http://127.0.0.1:${gateway}`, ...user, [Symbol.asyncDispose]: end }
}

async function startStore({ run, start, waitFor }: Starter, { admin }: Ceph, { at }: TemporaryFolder): Promise<void> {
  const [python, script] = admin
  const osd = randomUUID()
  await mkdir(at('osd'))
  await run('ceph-mon', '--mkfs', '-i', 'a', '--monmap', at('map'))
  start('ceph-mon', '-i', 'a')
  const made = async () => succeeds(run(python, script, 'osd', 'new', osd)) // it cannot be told EARLY
  await waitFor(made, 'the monitor')
  await run('ceph-osd', '--mkfs', '-i', '0', '--osd-uuid', osd)
  start('ceph-osd', '-i', '0')
}

async function startGateway({ run, start, waitFor }: Starter, user: User, endpoint: string): Promise<void> {
  const keys = [`--access-key=${user.accessKeyId}`, `--secret-key=${user.secretAccessKey}`]
  await run('radosgw-admin', ...EARLY, 'user', 'create', '--uid=test', '--display-name=test', ...keys)
  start('radosgw', '--name', 'client.rgw')
  await waitFor(() => succeeds(fetch(endpoint)), 'the gateway')
}

interface Starter {
  /** Runs a program to its end. Fails when a daemon does, instead of waiting for it. */
  run(name: string, ...args: string[]): Promise<void>
  /** Starts a daemon. */
  start(name: string, ...args: string[]): void
  waitFor(holds: () => Promise<boolean>, what: string): Promise<void>
}

function createStarter(
  folder: TemporaryFolder,
  env: NodeJS.ProcessEnv,
  opened: AsyncDisposableStack,
  signal: AbortSignal,
): Starter {
  const failures: Promise<never>[] = []
  const broken = new AbortController()
  const over = AbortSignal.any([signal, broken.signal])

  async function run(name: string, ...args: string[]): Promise<void> {
    const limits = { timeout: STEP_LIMIT, killSignal: 'SIGKILL' } as const
    await Promise.race([...failures, execute(name, args, { env, signal: over, ...limits })])
  }

  function start(name: string, ...args: string[]): void {
    const daemon = startDaemon(name, [...args, ...EARLY, '--foreground'], { folder: folder.path, env })
    failures.push(opened.use(daemon).failed)
    daemon.failed.catch(() => broken.abort())
  }

  async function waitFor(holds: () => Promise<boolean>, what: string): Promise<void> {
    await Promise.race([...failures, until(() => over.aborted || holds(), what, STEP_LIMIT)])
    signal.throwIfAborted()
  }

  return { run, start, waitFor }
}

async function succeeds(call: Promise<unknown>): Promise<boolean> {
  return call.then(
    () => true,
    () => false,
  )
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}

/** The daemons of the store look for free ports themselves. */
function configuration(ceph: Ceph, folder: TemporaryFolder, fsid: string, gatewayPort: number): string {
  const settings = {
    fsid,
    monmap: folder.at('map'),
    ms_bind_msgr2: false,
    public_addr: '127.0.0.1',
    cluster_addr: '127.0.0.1',
    auth_cluster_required: 'none',
    auth_service_required: 'none',
    auth_client_required: 'none',
    keyring: '/dev/null',
    run_dir: folder.path,
    admin_socket: folder.at('$name.$pid.sock'),
    log_file: folder.at('$name.log'),
    crash_dir: folder.at('crash'),
    mon_data: folder.at('mon'),
    osd_data: folder.at('osd'),
    rgw_data: folder.at('rgw'),
    ...ceph.settings,
    osd_objectstore: 'memstore',
    memstore_device_bytes: 4 * 2 ** 30,
    // One copy of everything is what one node can keep.
    osd_pool_default_size: 1,
    osd_pool_default_min_size: 1,
    osd_pool_default_pg_num: 4,
    osd_pool_default_pg_autoscale_mode: 'off',
    osd_crush_chooseleaf_type: 0,
    mon_allow_pool_size_one: true,
    mon_max_pg_per_osd: 1000,
    // It may run where a disk is nearly full: there is hardly anything on it.
    mon_data_avail_crit: 1,
    paxos_propose_interval: 0.05,
    rgw_gc_obj_min_wait: 1,
    rgw_gc_processor_period: 2,
    rgw_frontends: `beast endpoint=127.0.0.1:${gatewayPort}`,
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`)
  return `[global]\n${lines.join('\n')}\n`
}
