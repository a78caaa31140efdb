// Ceph from the packages of Debian or Ubuntu, unpacked into a folder. Nothing is installed: that needs no root, starts no
// service, and leaves the machine as it was. The folder stays below node_modules, for the next run.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { glob, mkdir, mkdtemp, rename, rm, statfs } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { Skip } from './skip.ts'

const run = promisify(execFile)
const CACHE = join(import.meta.dirname, '../../node_modules/.cache')
const PACKAGES = ['ceph-base', 'ceph-common', 'ceph-mon', 'ceph-osd', 'radosgw']
/** 70 MB of packages and 260 MB of what is in them. */
const ROOM = 500_000_000
/** Longest time for all of it, in milliseconds. */
const FETCH_LIMIT = 180_000

export interface Ceph {
  /** Environment in which its programs find each other and their libraries. */
  env: NodeJS.ProcessEnv
  /** The `ceph` command, a program in Python. */
  admin: [python: string, script: string]
  /** Settings that say where its plugins lie. */
  settings: Record<string, string>
}

/** @throws {Skip} when it cannot be had. */
export async function findCeph(signal: AbortSignal): Promise<Ceph> {
  const root = join(CACHE, 'ceph')
  if (existsSync(root)) return unpackedCeph(root)
  if (process.platform !== 'linux') throw new Skip('Ceph comes from the packages of Debian or Ubuntu')
  const started = performance.now()
  await mkdir(CACHE, { recursive: true })
  const work = await mkdtemp(join(CACHE, 'ceph-'))
  try {
    await fetchInto(work, AbortSignal.any([signal, AbortSignal.timeout(FETCH_LIMIT)]))
    // Another run that was faster has put the same there.
    await rename(join(work, 'root'), root).catch((error) => existsSync(root) || Promise.reject(error))
  } catch (cause) {
    signal.throwIfAborted()
    throw cause instanceof Skip ? cause : new Skip(`Ceph cannot be fetched: ${reasonOf(cause)}`, { cause })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  console.log(`Fetched Ceph in ${((performance.now() - started) / 1000).toFixed(1)} s`)
  return unpackedCeph(root)
}

async function fetchInto(work: string, signal: AbortSignal): Promise<void> {
  const { bavail, bsize } = await statfs(work)
  if (bavail * bsize < ROOM) throw new Skip(`Ceph needs ${ROOM / 1e6} MB of room in "${CACHE}"`)
  const [state, cache] = [join(work, 'state'), join(work, 'cache')]
  for (const part of [join(state, 'lists/partial'), join(cache, 'archives/partial')])
    await mkdir(part, { recursive: true })
  // Of the system only its sources and the list of what is there are read. As "root" apt stays the user that it is.
  const options = [
    `Dir::State=${state}`,
    'Dir::State::status=/var/lib/dpkg/status',
    `Dir::Cache=${cache}`,
    'Debug::NoLocking=true',
    'APT::Sandbox::User=root',
    'Acquire::Retries=2',
    'Acquire::http::Timeout=20',
  ].flatMap((option) => ['-o', option])
  await run('apt-get', [...options, '-q', 'update'], { signal })
  const install = ['-q', '-y', '--no-install-recommends', '--download-only', '--reinstall', 'install']
  await run('apt-get', [...options, ...install, ...PACKAGES], { signal })
  await unpack(join(cache, 'archives'), join(work, 'root'), signal)
}

async function unpack(archives: string, root: string, signal: AbortSignal): Promise<void> {
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

/** The first line of what a program said, or what became of it. */
function reasonOf(cause: unknown): string {
  const { code, name, stderr, message } = cause as NodeJS.ErrnoException & { stderr?: string }
  if (code === 'ENOENT') return 'there is no apt-get or dpkg-deb'
  if (name === 'AbortError') return `it took longer than ${FETCH_LIMIT / 1000} s`
  return stderr?.match(/^E: (.*)$/m)?.[1] ?? message
}
