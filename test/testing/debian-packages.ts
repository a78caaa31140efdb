// Programs from the packages of Debian or Ubuntu, unpacked into a folder. Nothing is installed: that needs no root, starts no
// service, and leaves the machine as it was. The folder stays below node_modules, for the next run.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { glob, mkdir, mkdtemp, rename, rm, statfs } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { Skip } from './skip.ts'

const run = promisify(execFile)
const CACHE = join(import.meta.dirname, '../../node_modules/.cache')
/** Where Debian keeps libraries of this machine's kind. */
export const TRIPLET = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`

export interface Unpacked {
  /** What would be "/" had they been installed. */
  root: string
  /** Environment in which its programs find each other and their libraries. */
  env: NodeJS.ProcessEnv
}

export interface UnpackOptions {
  /** Bytes that packages and what is in them take while they are unpacked. @default 500 MB */
  room?: number
  /** Longest time for all of it, in milliseconds. @default 100_000 */
  limit?: number
  signal?: AbortSignal
  /** Folder in which it is kept. @default node_modules/.cache */
  cache?: string
  /** Where apt-get is looked for. */
  path?: string
}

/**
 * The packages with all that they need and this machine has not. They are fetched once, whatever their versions become:
 * another list of packages needs another name.
 * @throws {Skip} when they cannot be had
 */
export async function unpackPackages(
  name: string,
  packages: readonly string[],
  { room = 500e6, limit = 100_000, signal = new AbortController().signal, cache = CACHE, path }: UnpackOptions = {},
): Promise<Unpacked> {
  const root = join(cache, name)
  if (existsSync(root)) return { root, env: environmentOf(root) }
  if (process.platform !== 'linux') throw new Skip(`${name} comes from the packages of Debian or Ubuntu`)
  const started = performance.now()
  try {
    await mkdir(cache, { recursive: true })
    await fetchInto(root, { packages, room, path, signal: AbortSignal.any([signal, AbortSignal.timeout(limit)]) })
  } catch (cause) {
    signal.throwIfAborted()
    throw new Skip(`${name} cannot be fetched: ${reasonOf(cause, limit)}`, { cause })
  }
  console.log(`Fetched ${name} in ${((performance.now() - started) / 1000).toFixed(1)} s`)
  return { root, env: environmentOf(root) }
}

interface Fetching {
  packages: readonly string[]
  room: number
  path: string | undefined
  signal: AbortSignal
}

async function fetchInto(root: string, fetching: Fetching): Promise<void> {
  const work = await mkdtemp(`${root}-`)
  try {
    const { bavail, bsize } = await statfs(work)
    if (bavail * bsize < fetching.room) throw new Error(`it needs ${fetching.room / 1e6} MB of room beside "${root}"`)
    await download(work, fetching)
    await unpack(join(work, 'cache/archives'), join(work, 'root'), fetching)
    // Another run that was faster has put the same there.
    await rename(join(work, 'root'), root).catch((error) => existsSync(root) || Promise.reject(error))
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function download(work: string, { packages, path: PATH = process.env.PATH, signal }: Fetching): Promise<void> {
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
  await apt(...install, ...packages).catch((cause: Failure) => {
    // What apt could not reach it only warns of, and then misses the packages.
    const warning = /^W: .*$/m.exec(updated.stderr)?.[0] ?? ''
    throw Object.assign(cause, { stderr: `${cause.stderr}${warning}` })
  })
}

async function unpack(archives: string, root: string, { signal }: Fetching): Promise<void> {
  await mkdir(root)
  for await (const archive of glob(join(archives, '*.deb'))) await run('dpkg-deb', ['-x', archive, root], { signal })
}

function environmentOf(root: string): NodeJS.ProcessEnv {
  const { PATH = '', HOME, TMPDIR } = process.env
  const below = (...folders: string[]) => folders.map((folder) => join(root, folder))
  return {
    HOME,
    TMPDIR,
    PATH: [...below('usr/bin', 'usr/sbin', 'bin', 'sbin'), PATH].join(delimiter),
    LD_LIBRARY_PATH: below(`usr/lib/${TRIPLET}`, `lib/${TRIPLET}`).join(delimiter),
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
