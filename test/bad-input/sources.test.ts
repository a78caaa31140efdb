// Folders that cannot be pushed as they are: names, special files, links out, files that change underfoot. Nothing of such a
// push is seen by anybody.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { describe, it } from 'node:test'
import { openCliWorld } from '../testing/cli-world.fixture.ts'
import { fails } from '../testing/codes.fixture.ts'
import { randomBytesOf } from '../testing/random.fixture.ts'
import { file, treeOf, writeTree } from '../testing/tree.fixture.ts'
import { openWorld } from '../testing/world.fixture.ts'

/** A path whose last part is these bytes. */
function bytePath(folder: string, name: string): Buffer {
  return Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, 'latin1')])
}

describe('names', () => {
  it('that are not UTF-8 are refused with their bytes, and may be excluded', async () => {
    await using world = await openCliWorld()
    await writeTree(world.at('source'), { good: file('good') })
    await writeFile(bytePath(world.at('source'), 'caf\xe9.txt'), 'latin 1')
    const push = ['push', world.at('source'), '-t', 'geo']
    await world.fails(1, /Cannot take "caf\\xe9.txt": its name is not valid UTF-8\nhint: .*--exclude/, ...push)
    assert.deepEqual(await world.tags(), [])
    await world.succeeds(...push, '--exclude', 'caf*')
    assert.deepEqual(await world.tags(), ['geo:latest'])
  })

  it('that are too long for a snapshot are refused', async () => {
    await using world = await openCliWorld()
    await mkdir(world.at('source'))
    const script = `cd "$1"; for i in $(seq 16); do mkdir $2; cd $2; done; mkdir $2`
    execFileSync('sh', ['-c', script, 'sh', world.at('source'), 'n'.repeat(250)])
    await world.fails(1, /over 4096 bytes long|too long for this system/, 'push', world.at('source'), '-t', 'geo')
    assert.deepEqual(await world.tags(), [])
  })

  it('with line feeds, quotes and escapes are fine', async () => {
    await using world = await openCliWorld()
    await writeTree(world.at('source'), { 'a\nb': file('1'), '"\\': file('2'), '\u001b[31m': file('3') })
    await world.succeeds('push', world.at('source'), '-t', 'geo')
    await world.succeeds('pull', world.at('target'), 'geo')
    assert.deepEqual(await treeOf(world.at('target/geo/latest/')), await treeOf(world.at('source')))
  })
})

describe('what is neither file nor folder', () => {
  it('is refused by name, all of it at once, or left out when the user says so', async () => {
    await using world = await openCliWorld()
    await using opened = new AsyncDisposableStack()
    await writeTree(world.at('source'), { good: file('good') })
    await writeTree(world.at('expected'), { good: file('good') })
    const server = createServer().listen(world.at('source', 'socket'))
    opened.defer(async () => void server.close())
    execFileSync('mkfifo', [world.at('source', 'pipe')])
    await symlink('/etc/passwd', world.at('source', 'absolute'))
    await symlink('../outside', world.at('source', 'climbing'))
    const push = ['push', world.at('source'), '-t', 'geo']
    const { exit, stderr } = await world.run(...push)
    assert.equal(exit, 1)
    for (const words of [
      'Cannot take 4 entries:',
      '"socket": it is a socket',
      '"pipe": it is a named pipe',
      '"absolute": it is a link to the absolute path "/etc/passwd"',
      '"climbing": it is a link that leaves the folder, to "../outside"',
      'hint: Leave such entries out with --skip-special',
    ]) {
      assert.ok(stderr.includes(words), stderr)
    }
    assert.deepEqual(await world.tags(), [])
    const done = await world.succeeds(...push, '--skip-special')
    assert.match(done.stderr, /left out: pipe \(it is a named pipe\)/)
    await world.succeeds('pull', world.at('target'), 'geo')
    assert.deepEqual(await treeOf(world.at('target/geo/latest/')), await treeOf(world.at('expected')))
  })

  it('cannot be pushed as itself', async () => {
    await using world = await openCliWorld()
    execFileSync('mkfifo', [world.at('pipe')])
    await world.fails(1, /it is a named pipe/, 'push', world.at('pipe'), '-t', 'geo')
    await world.fails(1, /it is a character device/, 'push', '/dev/null', '-t', 'geo')
  })
})

/** What may happen to a file between the look at it and the reading of it. */
const MEANWHILE: Record<string, (path: string) => void> = {
  'a longer file': (path) => appendFileSync(path, 'more'),
  'a shorter file': (path) => truncateSync(path, 100_000),
  'other bytes of the same length': (path) => writeFileSync(path, randomBytesOf(2_000_000, 'others')),
  'no file': (path) => rmSync(path),
  'a folder': (path) => {
    rmSync(path)
    mkdirSync(path)
  },
  'a link': (path) => {
    rmSync(path)
    symlinkSync('/etc/passwd', path)
  },
  'a pipe': (path) => {
    rmSync(path)
    execFileSync('mkfifo', [path])
  },
}

describe('a file that changes underfoot', () => {
  for (const [what, happen] of Object.entries(MEANWHILE)) {
    it(`into ${what} is an error that names it, and nothing is pushed`, async () => {
      await using world = await openWorld()
      await writeTree(world.at('source'), { 'a.txt': file('a'), 'large.bin': file(randomBytesOf(2_000_000, 'large')) })
      const pushing = world.client.push(world.at('source'), ['geo'], {
        onProgress: ({ phase, done }) => phase === 'scan' && done && happen(world.at('source', 'large.bin')),
      })
      await assert.rejects(pushing, fails('source', /"large.bin" changed while it was read/))
      await assert.rejects(world.client.resolve('geo'), fails('not-found'))
    })
  }

  it('all the time is an error too', async () => {
    await using world = await openCliWorld()
    await writeTree(world.at('source'), { 'large.bin': file(randomBytesOf(2_000_000, 'large')) })
    let writing = true
    const writer = (async () => {
      for (; writing; await new Promise((resolve) => setImmediate(resolve))) {
        appendFileSync(world.at('source', 'large.bin'), 'more')
      }
    })()
    await world.fails(
      1,
      /"large.bin" changed while it was read\nhint: Push again/,
      'push',
      world.at('source'),
      '-t',
      'geo',
    )
    writing = false
    await writer
    assert.deepEqual(await world.tags(), [])
    await world.succeeds('push', world.at('source'), '-t', 'geo')
  })
})

describe('archives', () => {
  it('named as what they are not are refused', async () => {
    await using world = await openCliWorld()
    await writeFile(world.at('a.zip'), 'no zip')
    await writeFile(world.at('b.tar.gz'), 'no gzip')
    await writeFile(world.at('c.tar'), Buffer.alloc(0))
    await truncate(world.at('c.tar'), 10)
    for (const name of ['a.zip', 'b.tar.gz', 'c.tar']) {
      await world.fails(1, /but does not begin as one\nhint: /, 'push', world.at(name), '-t', 'geo')
    }
  })
})
