// Ceph from the packages of Debian or Ubuntu, unpacked into a folder. Nothing is installed: that needs no root, starts no
// service, and leaves the machine as it was. The folder stays below node_modules, for the next run.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { glob, mkdir, mkdtemp, rename, rm, statfs } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { Skip } from './skip.ts'

const run = promisify(execFile)
const CACHE = join(import.meta.dirname, '../../node_modules/.cache')
const PACKAGES = ['ceph-base', 'ceph-common', 'ceph-mon', 'ceph-osd', 'radosgw']
/** 70 MB of packages and 260 MB of what is in them. */
const ROOM = 500_000_000
/** Longest time for all of it, in milliseconds; it takes about six seconds beside a mirror. */
const LIMIT = 100_000

export interface Ceph {
  /** Environment in which its programs find each other and their libraries. */
  env: NodeJS.ProcessEnv
  /** The `ceph` command, a program in Python. */
  admin: [python: string, script: string]
  /** Settings that say where its plugins lie. */
  settings: Record<string, string>
}

export interface FindOptions {
  /** Folder in which it is kept. @default node_modules/.cache */
  cache?: string
  /** Where apt-get is looked for. */
  path?: string
  /** Longest time for all of it, in milliseconds. */
  limit?: number
}

/** @throws {Skip} when it cannot be had. */
export async function findCeph(
  signal: AbortSignal,
  { cache = CACHE, path, limit = LIMIT }: FindOptions = {},
): Promise<Ceph> {
  const root = join(cache, 'ceph')
  if (existsSync(root)) return unpackedCeph(root)
  if (process.platform !== 'linux') throw new Skip('Ceph comes from the packages of Debian or Ubuntu')
  const started = performance.now()
  try {
    await fetchCeph(root, { path, signal: AbortSignal.any([signal, AbortSignal.timeout(limit)]) })
  } catch (cause) {
    signal.throwIfAborted()
    throw new Skip(`Ceph cannot be fetched: ${reasonOf(cause, limit)}`, { cause })
  }
  console.log(`Fetched Ceph in ${((performance.now() - started) / 1000).toFixed(1)} s`)
  return unpackedCeph(root)
}

interface Fetching {
  path: string | undefined
  signal: AbortSignal
}

async function fetchCeph(root: string, fetching: Fetching): Promise<void> {
  await mkdir(dirname(root), { recursive: true })
  const work = await mkdtemp(`${root}-`)
  try {
    const { bavail, bsize } = await statfs(work)
    if (bavail * bsize < ROOM) throw new Error(`it needs ${ROOM / 1e6} MB of room in "${dirname(root)}"`)
    await download(work, fetching)
    await unpack(join(work, 'cache/archives'), join(work, 'root'), fetching)
    // Another run that was faster has put the same there.
    await rename(join(work, 'root'), root).catch((error) => existsSync(root) || Promise.reject(error))
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function download(work: string, { path: PATH = process.env.PATH, signal }: Fetching): Promise<void> {
  for (const part of ['state/lists/partial', 'cache/archives/partial'])
    await mkdir(join(work, part), { recursive: true })
  // Of the system only its sources and the list of what is there are read. As "root" apt stays the user that it is.
  const options = [
    `Dir::State=${join(work, 'state')}`,
    'Dir::State::status=/var/lib/dpkg/status',
    `Dir::Cache=${join(work, 'cache')}`,
    'Debug::NoLocking=true',
    'APT::Sandbox::User=root',
    'Acquire::Retries=2',
    'Acquire::http::Timeout=20',
  ].flatMap((option) => ['-o', option])
  const apt = (...args: string[]) =>
    run('apt-get', [...options, '-q', ...args], { signal, env: { ...process.env, PATH, LC_ALL: 'C' } })
  const updated = await apt('update')
  const install = ['-y', '--no-install-recommends', '--download-only', '--reinstall', 'install']
  await apt(...install, ...PACKAGES).catch((cause: Failure) => {
    // What apt could not reach it only warns of, and then misses the packages.
    const warning = /^W: .*$/m.exec(updated.stderr)?.[0] ?? ''
    throw Object.assign(cause, { stderr: `${cause.stderr}${warning}` })
  })
}

async function unpack(archives: string, root: string, { signal }: Fetching): Promise<void> {
  await mkdir(root)
  for await (const archive of glob(join(archives, '*.deb'))) await run('dpkg-deb', ['-x', archive, root], { signal })
}

function unpackedCeph(root: string): Ceph {
  const triplet = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`
  const libraries = join(root, 'usr/lib', triplet)
  const python = join(root, 'usr/bin/python3')
  const { PATH = '', HOME, TMPDIR } = process.env
  return {
    env: {
      HOME,
      TMPDIR,
      PATH: [join(root, 'usr/bin'), PATH].join(delimiter),
      LD_LIBRARY_PATH: [libraries, join(libraries, 'ceph'), join(root, 'lib', triplet)].join(delimiter),
      PYTHONPATH: join(root, 'usr/lib/python3/dist-packages'),
      PYTHONDONTWRITEBYTECODE: '1',
    },
    // Not the first python3 of the PATH, which may be another than that of the packages.
    admin: [existsSync(python) ? python : '/usr/bin/python3', join(root, 'usr/bin/ceph')],
    settings: {
      plugin_dir: join(libraries, 'ceph'),
      erasure_code_dir: join(libraries, 'ceph/erasure-code'),
      osd_class_dir: join(libraries, 'rados-classes'),
    },
  }
}

type Failure = NodeJS.ErrnoException & { stderr?: string }

/** What a program said of it, or what became of the program. */
function reasonOf(cause: unknown, limit: number): string {
  const { code, name, stderr = '', message } = cause as Failure
  if (code === 'ENOENT') return 'there is no apt-get or dpkg-deb'
  if (name === 'AbortError') return `it took longer than ${limit / 1000} s`
  return [/^E: .*$/m, /^W: .*$/m].flatMap((line) => line.exec(stderr)?.[0].slice(3) ?? []).join('; ') || message
}
