// What reading through a mount costs beside a plain file: all of it, all of it again, and 4 KiB here and there. The same reads over
// a plain file on tmpfs, over a mount whose bytes cost nothing, and over mounts of a hub on this machine. Prints a line of JSON
// for each (`MountReads`). Needs root, /dev/fuse and python3, and UV_THREADPOOL_SIZE=12.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pino } from 'pino'
import { type RunningMount, runMount } from '../src/cli/mount/run-mount.ts'
import { createShownRoot } from '../src/cli/mount/shown-root.ts'
import type { Client } from '../src/client/client.ts'
import { connect } from '../src/client/index.ts'
import type { Place, ReadableTree, TreeFile } from '../src/dataset/tree/readable-tree.ts'
import { madeTree } from '../test/doors/made-tree.fixture.ts'

export interface MountReads {
  tool: string
  how: 'first' | 'again' | 'random'
  /** Seconds. Processor time is that of the mount. */
  wall: number
  cpu: number
  /** Bytes that this process had at the most so far. */
  peak: number
  /** Bytes read. */
  content: number
  /** Seconds of one read, of those here and there. */
  latency?: { median: number; p99: number }
}

const run = promisify(execFile)
const MiB = 1024 * 1024
const SIZE = Number(process.env.AETHERFS_BENCH_SIZE ?? 512) * MiB
const MAIN = new URL('../src/cli/main.ts', import.meta.url).pathname
const RANDOM_READS = 3000

/** Drops what the page cache has before the first read and before random ones. Prints wall, bytes, and median and 99 % of single reads. */
const READS = `
import os, sys, time, random, json
path, how, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
def drop():
    fd = os.open(path, os.O_RDONLY); os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED); os.close(fd)
if how != 'again': drop()
begun = time.perf_counter()
fd = os.open(path, os.O_RDONLY)
if how == 'random':
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_RANDOM); random.seed(1); took = []
    for i in range(${RANDOM_READS}):
        at = random.randrange(size >> 12) << 12; each = time.perf_counter(); os.pread(fd, 4096, at); took.append(time.perf_counter() - each)
    wall = time.perf_counter() - begun; took.sort()
    print(json.dumps({'wall': wall, 'content': 4096 * len(took), 'latency': {'median': took[len(took) // 2], 'p99': took[len(took) * 99 // 100]}}))
else:
    buffer = bytearray(1 << 20); content = 0
    while n := os.readv(fd, [buffer]): content += n
    print(json.dumps({'wall': time.perf_counter() - begun, 'content': content}))
`

async function measureReads(tool: string, path: string): Promise<void> {
  for (const how of ['first', 'again', 'random'] as const) {
    const before = process.cpuUsage()
    const { stdout } = await run('python3', ['-c', READS, path, how, String(SIZE)])
    const { user, system } = process.cpuUsage(before)
    const cpu = (user + system) / 1e6
    const usage: MountReads = { tool, how, ...JSON.parse(stdout), cpu, peak: process.resourceUsage().maxRSS * 1024 }
    console.log(JSON.stringify(usage))
  }
}

async function mounted(path: string, tree: ReadableTree, place: Place, passthrough = false): Promise<RunningMount> {
  await mkdir(path)
  return runMount({
    tree,
    root: createShownRoot(place),
    path,
    options: { source: 'made', allowOther: false },
    passthrough,
    logger: pino({ level: 'warn' }, process.stderr),
    now: Date.now,
    beside: async () => {},
  })
}

/** A random file: with nothing at hand, with its frames in the folder cache, and with all of it there as one file. */
async function measureHub(folder: string): Promise<void> {
  await mkdir(join(folder, 'source'), { recursive: true })
  const env = { ...process.env, HOME: folder, AETHERFS_NO_PROGRESS: 'true' }
  const args = ['run', '--listen', '127.0.0.1:0', '--storage', join(folder, 'store'), '--read-memory', '1GiB']
  const hub = spawn(process.execPath, [MAIN, ...args], { env, stdio: ['ignore', 'pipe', 'ignore'] })
  try {
    const [line] = (await once(hub.stdout, 'data')) as [Buffer]
    const host = line.toString().trim().replace('http://', '')
    await run('dd', ['if=/dev/urandom', `of=${join(folder, 'source/big')}`, 'bs=1M', `count=${SIZE / MiB}`])
    const client = connect({ host, cacheFolder: join(folder, 'cache') })
    await client.push(join(folder, 'source'), ['big'])
    await measureTree('mount, nothing cached', client, folder, false)
    await measureTree('mount, frames cached', client, folder, false)
    await measureTree('mount, whole file cached', client, folder, true)
    client.close()
  } finally {
    hub.kill()
  }
}

/** A mount of its own each time, so that nothing but the folder cache is warm. */
async function measureTree(name: string, client: Client, folder: string, passthrough: boolean): Promise<void> {
  const tree = await client.tree()
  const file = (await tree.find(['big', 'latest', 'big'])) as TreeFile
  if (passthrough) await tree.whole!.keep(file.place)
  const path = join(folder, name)
  const mount = await mounted(path, tree, { ...file.place, index: 0, depth: 0 }, passthrough)
  await measureReads(name, join(path, 'big'))
  await mount.unmount()
  await tree.close()
}

const work = await mkdtemp('/dev/shm/aetherfs-bench-')
try {
  const { tree, root } = madeTree(new Map([['big', SIZE]]))
  await run('dd', ['if=/dev/zero', `of=${join(work, 'plain')}`, 'bs=1M', `count=${SIZE / MiB}`])
  await measureReads('plain file on tmpfs', join(work, 'plain'))
  const mount = await mounted(join(work, 'made'), tree, root)
  await measureReads('FUSE, bytes for nothing', join(work, 'made/big'))
  await mount.unmount()
  await measureHub(join(work, 'hub'))
} finally {
  await rm(work, { recursive: true })
}
process.exit(0)
