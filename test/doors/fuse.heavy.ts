// A dataset as a folder, on the real kernel: mount, read, move the channel, unmount, and all that can end a mount.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { appendFile, chmod, chown, copyFile, mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises'
import { availableParallelism, loadavg, release } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { mountAt, readMountTable } from '../../src/cli/mount/mount-table.ts'
import { sha256Hex } from '../../src/core/id.ts'
import type { Program } from '../testing/program.fixture.ts'
import { randomBytesOf } from '../testing/random.fixture.ts'
import { sha256Of } from '../testing/tree.fixture.ts'
import { until } from '../testing/until.fixture.ts'
import { type DoorWorld, openDoorWorld } from './door-world.fixture.ts'
import { outside } from './outside.fixture.ts'

const run = promisify(execFile)
const USER = 1000
const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname

/** Why nothing can be mounted here. */
async function reasonNotTo(): Promise<string | false> {
  if (!existsSync('/dev/fuse')) return 'there is no /dev/fuse'
  if (process.geteuid?.() !== 0) return 'only root may mount without fusermount3'
  return run('unshare', ['-m', 'true']).then(
    () => false as const,
    () => 'this root may not mount',
  )
}

const skip = await reasonNotTo()
if (skip) console.log(`SKIPPED: the tests of mounts, as ${skip}`)

const world = skip ? (undefined as unknown as DoorWorld) : await openDoorWorld()
const folder = world?.at('mounted')
if (!skip) await mkdir(folder)
/** Files of which the kernel can read those that are cached whole. */
const large = randomBytesOf(20 * 1024 * 1024, 7)
if (!skip) await pushLarge()
/** Of the version that was pushed first. */
const csvHash = skip ? '' : await sha256Of(join(world.source, 'places.csv'))

async function pushLarge(): Promise<void> {
  await mkdir(world.at('large'))
  await writeFile(world.at('large/large.bin'), large)
  await writeFile(world.at('large/other.bin'), large.subarray(1))
  assert.equal((await world.run('push', world.at('large'), '-t', 'large')).exit, 0)
}

describe('aetherfs mount', { skip }, () => {
  afterEach(unmountAll)
  after(async () => {
    await world[Symbol.asyncDispose]()
  })

  async function unmountAll(): Promise<void> {
    while (await isMounted()) await run('umount', ['-l', folder])
  }

  const isMounted = async () => mountAt(await readMountTable(), folder) !== undefined

  /** In the foreground; resolves when it answers. */
  async function mount(reference: string, ...args: string[]): Promise<Program> {
    const program = world.start('mount', reference, folder, '--foreground', ...args)
    const ended = program.outcome.then(({ stderr }) => Promise.reject(new Error(`It did not mount: ${stderr}`)))
    ended.catch(() => {})
    await Promise.race([ended, until(() => program.stdout().includes('\n'), 'the mount')])
    return program
  }

  async function end(program: Program, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    program.process.kill(signal)
    const { exit, stderr } = await program.outcome
    assert.equal(exit, 0, stderr)
    assert.equal(await isMounted(), false)
  }

  it('goes to the background once the folder answers, and ends with umount', async () => {
    const { exit, stdout, stderr } = await world.run('mount', 'geo:latest', folder, '--json')
    assert.equal(exit, 0, stderr)
    const { pid, digest } = JSON.parse(stdout) as { pid: number; digest: string }
    assert.equal(digest, world.digest)
    await world.checkSums(folder)
    await run('umount', [folder])
    await until(() => !existsSync(`/proc/${pid}`), 'the end of the process')
    assert.deepEqual(await readdir(folder), [])
  })

  it('shows files, links, folders and modes as they were pushed, and lets nobody write', async () => {
    const program = await mount('geo:latest')
    const names = async (path: string) =>
      (await run('sh', ['-c', 'cd "$1" && find . | LC_ALL=C sort', 'sh', path])).stdout
    assert.equal(await names(folder), await names(world.source))
    assert.match((await run('ls', ['-lR', folder])).stdout, /link-to-csv -> places.csv/)
    assert.equal((await run(join(folder, 'bin/run me.sh'))).stdout, 'it ran\n')
    await assert.rejects(writeFile(join(folder, 'new'), ''), { code: 'EROFS' })
    await assert.rejects(appendFile(join(folder, 'places.csv'), ''), { code: 'EROFS' })
    assert.equal((await run('tail', ['-c', '100', join(folder, 'link-to-csv')])).stdout.length, 100)
    await end(program)
  })

  it('tells the digest and the hash in extended attributes', async (t) => {
    const tools = await outside(t, 'fuse', ['fuse3', 'attr'])
    if (!tools) return
    const program = await mount('geo:latest')
    const value = async (name: string, path: string) =>
      (await run('getfattr', ['--only-values', '-n', `user.aetherfs.${name}`, path], { env: tools.env })).stdout
    const csv = join(folder, 'places.csv')
    assert.equal(await value('sha256', csv), await sha256Of(csv))
    assert.equal(await value('digest', csv), world.digest)
    assert.equal(await value('reference', folder), `geo:latest@${world.digest}`)
    const all = await run('getfattr', ['-d', csv], { env: tools.env })
    assert.equal(all.stdout.match(/^user\.aetherfs\./gm)?.length, 3)
    await end(program)
  })

  it('shows the new version under load, while what is open stays on the old one', async () => {
    const program = await mount('geo:latest')
    const csv = join(folder, 'places.csv')
    const before = await sha256Of(csv)
    const opened = await open(csv)
    await appendFile(join(world.source, 'places.csv'), 'one more\n')
    const next = await sha256Of(join(world.source, 'places.csv'))
    const script = 'while [ -e "$2" ]; do sha256sum < "$1"; ls -lR "$3" >/dev/null; done'
    const going = world.at('going')
    await writeFile(going, '')
    const load = run('sh', ['-c', script, 'sh', csv, going, folder], { maxBuffer: 1 << 26 })
    assert.equal((await world.run('push', world.source, '-t', 'geo:latest')).exit, 0)
    await until(async () => (await sha256Of(csv)) === next, 'the new version')
    const old = await opened.readFile()
    await opened.close()
    await run('rm', [going])
    const seen = new Set(
      (await load).stdout
        .trim()
        .split('\n')
        .map((line) => line.slice(0, 64)),
    )
    assert.ok(
      [...seen].every((hash) => hash === before || hash === next),
      [...seen].join(' '),
    )
    assert.equal(old.includes('one more'), false)
    assert.equal((await readFile(csv)).includes('one more'), true)
    await end(program)
    assert.match(program.stderr(), /the channel moved/)
    assert.equal((await world.run('tag', `geo@${world.digest}`, 'geo:latest')).exit, 0)
  })

  it('ends with 0 on SIGINT and SIGTERM, also when a file is open', async () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const program = await mount('geo:v1')
      const opened = await open(join(folder, 'random.bin'))
      await end(program, signal)
      await opened.close().catch(() => {}) // nobody is there to hear of it
    }
  })

  it('ends at once on a second signal', async () => {
    const program = await mount('geo:v1')
    const opened = await open(join(folder, 'random.bin'))
    for (let i = 0; i < 2; i++) program.process.kill('SIGTERM')
    const { exit } = await program.outcome
    assert.ok(exit === 0 || exit === 130, `${exit}`)
    await until(async () => !(await isMounted()), 'the end of the mount')
    await opened.close().catch(() => {})
  })

  it('leaves no dead mount when it is killed', async () => {
    const program = await mount('geo:v1')
    program.process.kill('SIGKILL')
    await until(async () => !(await isMounted()), 'the guard')
    assert.deepEqual(await readdir(folder), [])
  })

  it('clears away a dead mount when its guard was killed too', async () => {
    const program = await mount('geo:v1')
    const guard = (await run('pgrep', ['-P', String(program.process.pid), '-x', 'sh'])).stdout.trim()
    process.kill(Number(guard), 'SIGKILL')
    program.process.kill('SIGKILL')
    await program.outcome
    assert.equal(await isMounted(), true)
    await assert.rejects(readdir(folder), { code: 'ENOTCONN' })
    const again = await mount('geo:v1')
    await world.checkSums(folder)
    await end(again)
    assert.match(again.stderr(), /a dead mount was cleared away/)
  })

  it('says what is wrong', async () => {
    const program = await mount('geo:v1')
    const fails = async (exit: number, words: RegExp, ...args: string[]) => {
      const outcome = await world.run('mount', ...args)
      assert.deepEqual([outcome.exit, outcome.stdout], [exit, ''], outcome.stderr)
      assert.match(outcome.stderr, words)
    }
    await fails(6, /mounted at .* already\nhint: Unmount it with "umount /, 'geo:v1', folder)
    await fails(6, /it is not empty/, 'geo:v1', world.source)
    await fails(3, /There is no folder/, 'geo:v1', world.at('none'))
    await end(program)
    await fails(3, /no tag "v7"/, 'geo:v7', folder)
    await fails(8, /Cannot reach the hub/, 'geo:v1', folder, '--host', '127.0.0.1:1')
    assert.equal(await isMounted(), false)
  })

  it('shows all datasets of a hub', async () => {
    const program = await mount('/')
    assert.deepEqual(await readdir(folder), ['geo', 'large'])
    await world.checkSums(join(folder, 'geo/v1'))
    await world.checkSums(join(folder, 'geo/by-digest', world.digest))
    await end(program)
  })

  it('mounts for a user who is not root, by fusermount3', async (t) => {
    const tools = await outside(t, 'fuse', ['fuse3', 'attr'])
    if (!tools) return
    const [programs, home, place] = [world.at('programs'), world.at('home'), world.at('home/place')]
    await mkdir(programs)
    await copyFile(join(tools.root, 'bin/fusermount3'), join(programs, 'fusermount3'))
    await chmod(join(programs, 'fusermount3'), 0o4755)
    for (const path of [home, place]) await mkdir(path).then(() => chown(path, USER, USER))
    await chmod(world.at(), 0o755)
    // In mounts of its own /dev/fuse can be opened by all, as it is elsewhere.
    const script = `
      mount -t tmpfs dev /mnt && mknod /mnt/fuse c 10 229 && chmod 666 /mnt/fuse && mount --bind /mnt/fuse /dev/fuse || exit 99
      exec setpriv --reuid ${USER} --regid ${USER} --clear-groups sh -c '
        "$0" "$1" mount geo:v1 "$HOME/place" && cd "$HOME/place" && sha256sum --check --strict --quiet "$2" || exit 1
        cd / && fusermount3 -u "$HOME/place" && ls -A "$HOME/place"
      ' "$@"`
    const env = { PATH: `${programs}:${process.env.PATH}`, HOME: home, AETHERFS_HOST: world.host }
    const args = ['-m', 'sh', '-ec', script, 'sh', process.execPath, MAIN, world.sums]
    const { stdout } = await run('unshare', args, { env, timeout: 60_000 })
    assert.match(stdout, /^\S+geo:v1@sha256:\w+ {2}\S+\/place\n$/)
  })

  it('is usable in under a second with 100,000 files', async () => {
    const many = world.at('many')
    const make =
      'mkdir "$1" && cd "$1" && mkdir $(seq 100) && seq 1000 | while read -r i; do for f in *; do echo $f/$i; done; done | xargs touch'
    await run('sh', ['-c', make, 'sh', many])
    assert.equal((await world.run('push', many, '-t', 'many')).exit, 0)
    const times: number[] = []
    for (let i = 0; i < 3; i++) {
      const begun = performance.now()
      const program = await mount('many:latest')
      assert.equal((await readdir(join(folder, '42'))).length, 1000)
      times.push(performance.now() - begun)
      await end(program)
    }
    console.log(`100,000 files: usable after ${times.map((ms) => `${ms.toFixed(0)} ms`).join(', ')}`)
    // Of a machine that has nothing else to do. One that has takes its time, and is no failure.
    assert.ok(Math.min(...times) < 1000 * Math.max(1, 4 * (loadavg()[0]! / availableParallelism())))
  })

  it('lets the kernel read large files by itself once they are cached whole', async (t) => {
    const why = await reasonNotToPass(world.at())
    if (why) return t.skip(why)
    const args = ['--cache-dir', world.at('cache-of-large'), '--offline-ok']
    const first = await mount('large', ...args, '--prefetch')
    await until(() => first.stderr().includes('all files are in the cache'), 'all files')
    await end(first)
    const again = await mount('large', ...args)
    // What the process that is mounted would have to answer for cannot be read while it stands still.
    const script = 'exec 3<"$2" && kill -STOP "$1" && timeout 10 sha256sum <&3; kill -CONT "$1"'
    const pid = String(again.process.pid)
    const { stdout } = await run('sh', ['-c', script, 'sh', pid, join(folder, 'large.bin')])
    assert.equal(stdout.slice(0, 64), sha256Hex(large))
    await using opened = await open(join(folder, 'other.bin'))
    again.process.kill('SIGKILL')
    await until(async () => !(await isMounted()), 'the guard')
    assert.ok((await opened.readFile()).equals(large.subarray(1)))
  })

  it('takes no file of its cache that was damaged', async () => {
    const cache = world.at('cache-of-large')
    for (const path of await cachedFiles(cache)) await flipByte(path)
    const program = await mount('large', '--cache-dir', cache)
    assert.equal(await sha256Of(join(folder, 'large.bin')), sha256Hex(large))
    await end(program)
    assert.match(program.stderr(), /is damaged: it is removed and fetched anew/)
  })

  it('gives an error in the place of bytes that are damaged in the store, and tells why', async () => {
    const program = await mount('large', '--cache-dir', world.at('cache-of-damaged'))
    const blocks = await regularFiles(world.at('store/blocks'))
    for (const path of blocks) await flipByte(path)
    await assert.rejects(readFile(join(folder, 'large.bin')), { code: 'EIO' })
    for (const path of blocks) await flipByte(path)
    assert.equal(await sha256Of(join(folder, 'large.bin')), sha256Hex(large))
    await end(program)
    assert.match(program.stderr(), /"level":"error".*"code":"integrity"/)
    assert.deepEqual(await cachedFiles(world.at('cache-of-damaged', 'read/incoming')), [])
  })

  it('is for its user alone, unless others are let in', async () => {
    await chmod(world.at(), 0o755)
    const asOther = () =>
      run('setpriv', ['--reuid', `${USER}`, '--regid', `${USER}`, '--clear-groups', 'cat', join(folder, 'empty.txt')])
    const closed = await mount('geo:v1')
    await assert.rejects(asOther(), /Permission denied/)
    await end(closed)
    const opened = await mount('geo:v1', '--allow-other')
    assert.equal((await asOther()).stdout, '')
    await end(opened)
  })

  it('reads what is cached with the hub away, and fails clearly otherwise', async () => {
    const cache = world.at('cache')
    const program = await mount('geo:latest', '--cache-dir', cache)
    const csv = join(folder, 'places.csv')
    await readFile(csv)
    await until(
      async () => (await regularFiles(join(cache, 'read/frames'))).length > 0,
      'what was read in the cache folder',
    )
    world.hub.process.kill('SIGKILL')
    await world.hub.outcome
    await run('sh', ['-c', 'dd if="$1" iflag=nocache count=0 2>/dev/null', 'sh', csv])
    assert.equal(await sha256Of(csv), csvHash)
    await assert.rejects(readFile(join(folder, 'random.bin')), { code: 'EIO' })
    await end(program)
    assert.equal(program.stderr().match(/"level":"error"/g)?.length, 1)
    assert.match(program.stderr(), /"code":"unavailable".*Cannot reach the hub/)
  })

  it('mounts what is cached with the hub away, if that is asked for', async () => {
    const args = ['--cache-dir', world.at('cache')]
    const refused = await world.run('mount', 'geo:latest', folder, ...args)
    assert.equal(refused.exit, 8)
    assert.match(refused.stderr, /--offline-ok/)
    const program = await mount('geo:latest', ...args, '--offline-ok')
    assert.equal(await sha256Of(join(folder, 'places.csv')), csvHash)
    await end(program)
  })
})

/** Why this kernel reads no files in the place of those that are mounted. */
async function reasonNotToPass(folder: string): Promise<string | false> {
  const [major = 0, minor = 0] = release().split('.').map(Number)
  if (major < 6 || (major === 6 && minor < 9)) return 'only Linux 6.9 and newer can'
  const { stdout } = await run('stat', ['-f', '-c', '%T', folder])
  return stdout.startsWith('overlay') && 'the folder of temporary files lies on an overlay'
}

async function regularFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
}

/** Frames and whole files of a cache folder. */
async function cachedFiles(cache: string): Promise<string[]> {
  const kinds = ['read/frames', 'read/files'].map((kind) => regularFiles(join(cache, kind)))
  return (await Promise.all(kinds)).flat()
}

/** Its first one. Done twice, all is as before. */
async function flipByte(path: string): Promise<void> {
  await using file = await open(path, 'r+')
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, 0)
  await file.write(Buffer.of(buffer[0]! ^ 1), 0, 1, 0)
}
