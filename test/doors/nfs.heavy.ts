// The NFS door with clients of others: libnfs, and the kernel's own where the machine has it.
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, describe, it, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { openClient, readRange, walk } from '../../src/protocols/nfs/nfs-client.fixture.ts'
import { type HubProcess, startHubProcess } from '../testing/hub-process.fixture.ts'
import { randomBytesOf } from '../testing/random.fixture.ts'
import { sha256Of } from '../testing/tree.fixture.ts'
import { until } from '../testing/until.fixture.ts'
import { type DoorWorld, openDoorWorld } from './door-world.fixture.ts'
import { outside } from './outside.fixture.ts'

const run = promisify(execFile)
const MiB = 1024 * 1024
const BIG = 256 * MiB

const world = await openDoorWorld({ args: ['--nfs', '127.0.0.1:0', '--read-memory', '600M'] })
after(() => world[Symbol.asyncDispose]())
const port = portIn(world.hub.stdout())

function portIn(stdout: string): number {
  return Number(/^nfs:\/\/127\.0\.0\.1:(\d+)$/m.exec(stdout)![1])
}

function urlOf(path: string, at = port): string {
  return `nfs://127.0.0.1/${path}?nfsport=${at}&mountport=${at}` // libnfs 4 decodes nothing, and ends a path at its first "?"
}

/** Runs a program of libnfs; undefined where there is none. */
async function libnfs(t: TestContext) {
  const tools = await outside(t, 'nfs', ['libnfs-utils'])
  if (!tools) return undefined
  const bin = (name: string) => join(tools.root, 'usr/bin', name)
  return {
    run: (name: string, ...args: string[]) => run(bin(name), args, { env: tools.env, maxBuffer: 16 * MiB }),
    start: (name: string, ...args: string[]) =>
      spawn(bin(name), args, { env: tools.env, stdio: ['ignore', 'pipe', 'pipe'] }),
  }
}

type Libnfs = NonNullable<Awaited<ReturnType<typeof libnfs>>>

/** Every file that a listing names, each with a client of its own. */
async function copyAll(tools: Libnfs, { at, files }: DoorWorld, name: string): Promise<string> {
  const copy = at(name)
  for (const path of files) {
    await mkdir(dirname(join(copy, path)), { recursive: true })
    if (path.includes('?')) await copyByOurs(path, join(copy, path))
    else await tools.run('nfs-cp', urlOf(`geo/latest/${path}`), join(copy, path))
  }
  return copy
}

/** What has no URL for libnfs. */
async function copyByOurs(path: string, target: string): Promise<void> {
  using client = await openClient(port)
  const { handle } = await client.mount('/geo/latest')
  const { bytes, isEnd } = await readRange(client, await walk(client, handle, ...path.split('/')), 0, MiB)
  assert.ok(isEnd)
  await writeFile(target, bytes)
}

/** Pushes one file of random bytes. @returns its SHA-256 */
async function pushBig(): Promise<string> {
  await mkdir(world.at('big'))
  const file = createWriteStream(world.at('big/random.bin'))
  for (let part = 0; part < BIG / (16 * MiB); part++)
    if (!file.write(randomBytesOf(16 * MiB, part))) await once(file, 'drain')
  file.end()
  await once(file, 'finish')
  const { exit, stderr } = await world.run('push', world.at('big'), '-t', 'big:latest')
  assert.equal(exit, 0, stderr)
  return sha256Of(world.at('big/random.bin'))
}

describe('NFS with libnfs', () => {
  it('lists every file', async (t) => {
    const tools = await libnfs(t)
    if (!tools) return
    const { stdout } = await tools.run('nfs-ls', '-R', urlOf('geo/latest'))
    for (const path of world.files)
      assert.ok(
        stdout.split('\n').some((line) => line.endsWith(` ${path}`)),
        path,
      )
    const top = await tools.run('nfs-ls', urlOf(''))
    assert.match(top.stdout, / geo\n/)
  })

  it('copies all files bit for bit, for two clients at once', async (t) => {
    const tools = await libnfs(t)
    if (!tools) return
    const copies = await Promise.all(['one', 'two'].map((name) => copyAll(tools, world, name)))
    for (const copy of copies) await world.checkSums(copy)
  })

  it('cannot be written to', async (t) => {
    const tools = await libnfs(t)
    if (!tools) return
    await assert.rejects(tools.run('nfs-cp', join(world.source, 'empty.txt'), urlOf('geo/latest/new.txt')))
  })

  it('reads 256 MiB fast, and goes on when the hub is killed and starts again', { timeout: 200_000 }, async (t) => {
    const tools = await libnfs(t)
    if (!tools) return
    const sum = await pushBig()
    for (const which of ['first', 'second', 'third']) {
      const began = performance.now()
      const child = tools.start('nfs-cat', urlOf('big/latest/random.bin'))
      child.stdout.resume()
      assert.equal((await once(child, 'close'))[0], 0)
      const seconds = (performance.now() - began) / 1000
      console.log(`nfs-cat of 256 MiB, ${which} time: ${Math.round(BIG / 1e6 / seconds)} MB/s`)
    }
    await using hub = await restartWhile(tools, world.at('after-restart.bin'))
    assert.equal(await sha256Of(world.at('after-restart.bin')), sum)
    assert.equal(portIn(hub.program.stdout()), port)
  })
})

/** Copies the big file while the hub is killed and another takes its place. */
async function restartWhile(tools: Libnfs, target: string): Promise<HubProcess> {
  const child = tools.start('nfs-cat', urlOf('big/latest/random.bin'))
  const file = createWriteStream(target)
  let bytes = 0
  child.stdout.on('data', (part: Buffer) => {
    bytes += part.length
  })
  child.stdout.pipe(file)
  await until(() => bytes > 32 * MiB, 'some of the file')
  child.stdout.pause() // the rest has to come from the other hub
  world.hub.process.kill('SIGKILL')
  await world.hub.outcome
  const httpPort = Number(world.host.split(':')[1])
  const args = ['--nfs', `127.0.0.1:${port}`]
  const hub = await startHubProcess({ store: world.at('store'), home: world.at('.'), port: httpPort, args })
  await until(() => hub.program.stdout().includes('nfs://'), 'the address for NFS')
  child.stdout.resume()
  assert.equal((await once(child, 'close'))[0], 0)
  if (!file.writableFinished) await once(file, 'finish')
  assert.equal(bytes, BIG)
  return hub
}

describe('NFS with the kernel', () => {
  it('copies all files bit for bit', async (t) => {
    const reason = await whyNoKernelClient()
    if (reason !== undefined) return t.skip(`SKIPPED: ${reason}`)
    await using hub = await startHubProcess({
      store: world.at('store'),
      home: world.at('.'),
      args: ['--nfs', '127.0.0.1:0'],
    })
    await until(() => hub.program.stdout().includes('nfs://'), 'the address for NFS')
    const at = portIn(hub.program.stdout())
    const folder = world.at('mounted')
    await mkdir(folder)
    const options = `addr=127.0.0.1,vers=3,proto=tcp,port=${at},mountproto=tcp,mountport=${at},nolock,ro,soft`
    await run('mount', ['-i', '-t', 'nfs', '-o', options, '127.0.0.1:/geo/latest', folder])
    try {
      await world.checkSums(folder)
    } finally {
      await run('umount', ['-f', folder])
    }
  })
})

async function whyNoKernelClient(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root of a Linux machine can mount NFS'
  await run('modprobe', ['nfs']).catch(() => {}) // it may be part of the kernel
  const known = await readFile('/proc/filesystems', 'utf8')
  return /\tnfs$/m.test(known) ? undefined : 'the kernel of this machine has no NFS client'
}
