// What a mount costs: UV_THREADPOOL_SIZE=12 node bench/fuse.ts. Needs root, /dev/fuse and python3. The same reads over plain files on tmpfs, over a mount
// whose bytes cost nothing, and over a mount of a hub on this machine with the folder cache warm.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pino } from 'pino'
import { type RunningMount, runMount } from '../src/cli/mount/run-mount.ts'
import { createShownRoot } from '../src/cli/mount/shown-root.ts'
import type { Client } from '../src/client/client.ts'
import { connect } from '../src/client/index.ts'
import type { Place, ReadableTree, TreeFile } from '../src/dataset/tree/readable-tree.ts'
import { madeTree } from '../test/doors/made-tree.fixture.ts'

const run = promisify(execFile)
const MiB = 1024 * 1024
const SIZE = Number(process.env.AETHERFS_BENCH_SIZE ?? 512) * MiB
const FILES = 20_000
const MAIN = new URL('../src/cli/main.ts', import.meta.url).pathname

/** Prints bytes a second twice, the second time from the page cache; then microseconds of random reads: median, 99 %. */
const READS = `
import os, sys, time, random
path, size = sys.argv[1], int(sys.argv[2])
def drop():
    fd = os.open(path, os.O_RDONLY); os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED); os.close(fd)
def sequential():
    fd = os.open(path, os.O_RDONLY); buffer = bytearray(1 << 20); begun = time.perf_counter()
    while os.readv(fd, [buffer]): pass
    os.close(fd); return size / (time.perf_counter() - begun) / 1e9
drop(); first = sequential(); second = sequential(); drop()
fd = os.open(path, os.O_RDONLY); os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_RANDOM)
random.seed(1); took = []
for i in range(3000):
    at = random.randrange(size >> 12) << 12; begun = time.perf_counter(); os.pread(fd, 4096, at); took.append(time.perf_counter() - begun)
took.sort()
print(f"sequential {first:.2f} GB/s, again {second:.2f} GB/s; 4 KiB at random {took[1500]*1e6:.1f} us, 99 % {took[2970]*1e6:.1f} us")
`

async function measureReads(name: string, path: string): Promise<void> {
  const { stdout } = await run('python3', ['-c', READS, path, String(SIZE)])
  console.log(`${name.padEnd(24)} ${stdout.trim()}`)
}

async function measureListing(name: string, folder: string): Promise<void> {
  const times: string[] = []
  for (let i = 0; i < 3; i++) {
    const begun = performance.now()
    await run('sh', ['-c', 'ls -lR "$1" >/dev/null', 'sh', folder])
    times.push(`${(performance.now() - begun).toFixed(0)} ms`)
  }
  console.log(`${name.padEnd(24)} ls -lR of ${FILES} files: ${times.join(', then ')}`)
}

async function mounted(path: string, tree: ReadableTree, place: Place, passthrough = false): Promise<RunningMount> {
  await mkdir(path)
  return runMount({
    tree,
    root: createShownRoot(place),
    path,
    options: { source: 'made', allowOther: false },
    passthrough,
    logger: pino({ level: 'warn' }),
    now: Date.now,
    beside: async () => {},
  })
}

/** A random file on a hub of this machine: with nothing at hand, with its frames in the folder cache, and with all of it there as one file. */
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
    const kinds: [string, boolean][] = [
      ['mount of a hub, cold', false],
      ['mount of a hub, frames', false],
      ['mount of a hub, whole', true],
    ]
    for (const [name, passthrough] of kinds) await measureTree(name, client, folder, passthrough)
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

function namesOf(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `many/${i % 200}/file-${i}.txt`)
}

const work = await mkdtemp('/dev/shm/aetherfs-bench-')
try {
  const { tree, root } = madeTree(
    new Map([['big', SIZE], ...namesOf(FILES).map((path): [string, number] => [path, 10])]),
  )
  const mount = await mounted(join(work, 'made'), tree, root)
  for (let i = 0; i < 200; i++) await mkdir(join(work, 'plain/many', String(i)), { recursive: true })
  for (const path of namesOf(FILES)) await writeFile(join(work, 'plain', path), '0123456789')
  await run('dd', ['if=/dev/zero', `of=${join(work, 'plain/big')}`, 'bs=1M', `count=${SIZE / MiB}`])
  await measureReads('plain file on tmpfs', join(work, 'plain/big'))
  await measureReads('mount, free bytes', join(work, 'made/big'))
  await measureListing('plain folder on tmpfs', join(work, 'plain/many'))
  await measureListing('mount', join(work, 'made/many'))
  await mount.unmount()
  await measureHub(join(work, 'hub'))
} finally {
  await rm(work, { recursive: true })
}
process.exit(0)
