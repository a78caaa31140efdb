import assert from 'node:assert/strict'
import fs, { chmodSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import fc from 'fast-check'
import type { FileHash } from '../../core/id.ts'
import { encodeListing } from '../../core/listing.ts'
import type { FilterOptions } from '../source.ts'
import {
  aetherError,
  hasProgram,
  makeTree,
  paths,
  run,
  SKIP_SPECIAL,
  summary,
  TAKE_ALL,
  type Tree,
  temporaryFolder,
} from './sources.fixture.ts'
import { walkFolder } from './walk.ts'

const onLinux = { skip: process.platform !== 'linux' }

async function walkTree(t: TestContext, tree: Tree, options: Partial<FilterOptions> = {}) {
  return walkFolder(makeTree(temporaryFolder(t), tree), { ...TAKE_ALL, ...options })
}

/** Names as bytes are the only way to names that are no text. */
function writeRaw(folder: string, name: Buffer): void {
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), name]), '')
}

/** Lets a call of node:fs fail for one path, since tests may run as a user to whom nothing is denied. */
function failFor(
  t: TestContext,
  method: 'lstatSync' | 'readdirSync' | 'readlinkSync',
  path: string,
  code: string,
): void {
  const real = fs[method] as (...args: unknown[]) => unknown
  t.mock.method(fs, method, (...args: unknown[]) => {
    if (args[0] === path) throw Object.assign(new Error(`${code}: made up`), { code })
    return real(...args)
  })
  syncBuiltinESMExports()
  t.after(() => {
    t.mock.restoreAll()
    syncBuiltinESMExports()
  })
}

describe('walkFolder', () => {
  it('lists files, links and folders with nothing in them', async (t) => {
    const tree = {
      'a/x': 'xx',
      'a/run': { text: '#!', executable: true },
      l: { link: 'a/x' },
      'e/f': { folder: true },
    } as Tree
    assert.deepEqual(summary(await walkTree(t, tree)), [
      { kind: 'file', path: 'a/run', size: 2, executable: true, target: '' },
      { kind: 'file', path: 'a/x', size: 2, executable: false, target: '' },
      { kind: 'folder', path: 'e/f', size: 0, executable: false, target: '' },
      { kind: 'link', path: 'l', size: 0, executable: false, target: 'a/x' },
    ])
  })

  it('is empty for an empty folder', async (t) => assert.deepEqual(paths(await walkTree(t, {})), []))

  it('sorts full paths by their bytes', async (t) => {
    const tree = {
      a: { folder: true },
      'a-b': '',
      'a.b': '',
      'b/x': '',
      'b-c': '',
      'b.c': '',
      b0: '',
      '\u{1F600}': '',
      '\uFB01': '',
    } as Tree
    const expected = ['a', 'a-b', 'a.b', 'b-c', 'b.c', 'b/x', 'b0', '\uFB01', '\u{1F600}']
    assert.deepEqual(paths(await walkTree(t, tree)), expected)
  })

  it('follows a link in place of the root', async (t) => {
    const folder = temporaryFolder(t)
    makeTree(join(folder, 'real'), { x: 'x' })
    symlinkSync('real', join(folder, 'link'))
    assert.deepEqual(paths(await walkFolder(join(folder, 'link'), TAKE_ALL)), ['x'])
    assert.deepEqual(paths(await walkFolder(`${folder}/link/`, TAKE_ALL)), ['x'])
  })

  it('says when there is no folder', async (t) => {
    await assert.rejects(
      walkFolder(join(temporaryFolder(t), 'no'), TAKE_ALL),
      aetherError('not-found', 'Cannot read the folder'),
    )
  })

  it('stops when it is asked to', async (t) => {
    await assert.rejects(walkFolder(temporaryFolder(t), TAKE_ALL, AbortSignal.abort()), { name: 'AbortError' })
  })

  it('keeps times to the microsecond and trusts old files only', async (t) => {
    const root = makeTree(temporaryFolder(t), { old: 'x', new: 'x' })
    utimesSync(join(root, 'old'), 1_600_000_000.123456, 1_600_000_000.123456)
    const { entries } = await walkFolder(root, TAKE_ALL)
    const [fresh, old] = entries
    assert.equal(old!.modifiedMicros, 1_600_000_000_123_456)
    assert.equal(fresh!.settled, false)
    assert.equal(old!.settled, false) // its inode was changed just now
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 10_000 })
    const later = await walkFolder(root, TAKE_ALL)
    for (const entry of later.entries) assert.equal(entry.settled, true)
    assert.deepEqual(
      Array.from(later.entries, (entry) => entry.stamp),
      Array.from(entries, (entry) => entry.stamp),
    )
  })

  it('trusts what has no bytes', async (t) => {
    const { entries } = await walkTree(t, { e: { folder: true }, l: { link: 'e' } })
    assert.ok([...entries].every((entry) => entry.settled && entry.stamp === ''))
  })

  it('refuses links that leave the folder, each with its target', async (t) => {
    const tree: Tree = { abs: { link: '/etc/passwd' }, 'd/up': { link: '../../x' }, 'd/in': { link: '../abs' } }
    const root = makeTree(temporaryFolder(t), tree)
    const says =
      /Cannot take 2 entries:\n {2}"abs": it is a link to the absolute path "\/etc\/passwd"\n {2}"d\/up": it is a link that leaves the folder, to "\.\.\/\.\.\/x"\n.*--skip-special/s
    await assert.rejects(walkFolder(root, TAKE_ALL), aetherError('source', says))
    const { entries, skipped } = await walkFolder(root, SKIP_SPECIAL)
    assert.deepEqual(
      Array.from(entries, (entry) => entry.path),
      ['d/in'],
    )
    assert.deepEqual(
      skipped.map((entry) => entry.path),
      ['abs', 'd/up'],
    )
  })

  it('refuses sockets and pipes by name', onLinux, async (t) => {
    const root = makeTree(temporaryFolder(t), { x: '' })
    const server = createServer().listen(join(root, 'sock'))
    t.after(() => server.close())
    await new Promise((resolve) => server.once('listening', resolve))
    run('mkfifo', [join(root, 'pipe')])
    await assert.rejects(
      walkFolder(root, TAKE_ALL),
      aetherError('source', /"pipe": it is a named pipe\n.*"sock": it is a socket/),
    )
    const { skipped } = await walkFolder(root, SKIP_SPECIAL)
    assert.deepEqual(skipped, [
      { path: 'pipe', reason: 'it is a named pipe' },
      { path: 'sock', reason: 'it is a socket' },
    ])
    assert.deepEqual(paths(await walkFolder(root, { ...TAKE_ALL, exclude: ['pipe', 'sock'] })), ['x'])
  })

  it('refuses names that are not UTF-8, and shows their bytes', onLinux, async (t) => {
    const root = makeTree(temporaryFolder(t), { 'd/\uFFFD': 'a name of its own right' })
    writeRaw(join(root, 'd'), Buffer.from([0x61, 0xff, 0x62]))
    await assert.rejects(
      walkFolder(root, TAKE_ALL),
      aetherError('source', 'Cannot take "d/a\\xffb": its name is not valid UTF-8'),
    )
    assert.deepEqual(paths(await walkFolder(root, { ...TAKE_ALL, exclude: ['a?b'] })), ['d/\uFFFD'])
  })

  it('refuses links whose target is not UTF-8', onLinux, async (t) => {
    const root = temporaryFolder(t)
    symlinkSync(Buffer.from([0x61, 0xff]), join(root, 'l'))
    await assert.rejects(
      walkFolder(root, TAKE_ALL),
      aetherError('source', '"l": it is a link whose target is not valid UTF-8'),
    )
  })

  it('refuses paths that are too long for a snapshot', onLinux, async (t) => {
    const root = temporaryFolder(t)
    const part = 'p'.repeat(250)
    let folder = root
    // In steps, because the kernel takes no path as long as the whole.
    for (let i = 0; i < 15; i++) folder = join(folder, part)
    mkdirSync(folder, { recursive: true })
    run('mkdir', [part], { cwd: folder })
    run('sh', ['-c', `cd ${part} && : > ${part}`], { cwd: folder })
    t.after(() => run('rm', ['-rf', root]))
    await assert.rejects(
      walkFolder(root, TAKE_ALL),
      aetherError('source', /its path is too long for this system|over 4096 bytes long/),
    )
  })

  it('names up to 20 entries at once', async (t) => {
    const many = Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`l${i}`, { link: '/x' }]))
    await assert.rejects(walkTree(t, many), (error: Error) => {
      assert.match(error.message, /^Cannot take 20 entries or more:/)
      return error.message.split('\n').length === 21
    })
  })

  it('names what vanishes or is denied while it looks', async (t) => {
    const root = makeTree(temporaryFolder(t), { a: '', 'd/x': '', l: { link: 'a' } })
    failFor(t, 'lstatSync', join(root, 'a'), 'ENOENT')
    failFor(t, 'readdirSync', `${join(root, 'd')}/`, 'EACCES')
    failFor(t, 'readlinkSync', join(root, 'l'), 'EPERM')
    const says = /"a": it vanished while it was looked at\n {2}"d": permission denied\n {2}"l": permission denied/
    await assert.rejects(walkFolder(root, TAKE_ALL), aetherError('source', says))
    assert.deepEqual(paths(await walkFolder(root, { ...TAKE_ALL, exclude: ['a', 'd', 'l'] })), [])
  })

  it('names the folder itself when it may not be read', async (t) => {
    const root = makeTree(temporaryFolder(t), { a: '' })
    failFor(t, 'readdirSync', `${root}/`, 'EACCES')
    await assert.rejects(walkFolder(root, TAKE_ALL), aetherError('source', `Cannot take "${root}/": permission denied`))
  })

  it('opens no file', async (t) => {
    const root = makeTree(temporaryFolder(t), { a: 'x', 'd/b': 'y' })
    failOpening(t)
    assert.deepEqual(paths(await walkFolder(root, TAKE_ALL)), ['a', 'd/b'])
  })

  it('leaves out what pulls keep in the root, and there only', async (t) => {
    assert.deepEqual(paths(await walkTree(t, { '.aetherfs/x': '', 'a/.aetherfs/x': '' })), ['a/.aetherfs/x'])
  })
})

function failOpening(t: TestContext): void {
  for (const method of ['openSync', 'readFileSync', 'open', 'readFile'] as const) {
    t.mock.method(fs, method, () => assert.fail('a file was opened'))
  }
  syncBuiltinESMExports()
  t.after(() => {
    t.mock.restoreAll()
    syncBuiltinESMExports()
  })
}

describe('walkFolder with filters', () => {
  it('does not enter folders that are excluded', async (t) => {
    const root = makeTree(temporaryFolder(t), { 'node_modules/x': '', 'a/node_modules/y': '', b: '' })
    failFor(t, 'readdirSync', `${join(root, 'node_modules')}/`, 'EACCES')
    assert.deepEqual(paths(await walkFolder(root, { ...TAKE_ALL, exclude: ['node_modules/'] })), ['a', 'b'])
  })

  it('keeps a folder that was emptied by excludes, but not one that no include names', async (t) => {
    const tree: Tree = { 'a/x.tmp': '', 'b/x.csv': '', 'c/d/e': { folder: true } }
    assert.deepEqual(paths(await walkTree(t, tree, { exclude: ['*.tmp'] })), ['a', 'b/x.csv', 'c/d/e'])
    assert.deepEqual(paths(await walkTree(t, tree, { include: ['*.csv'] })), ['b/x.csv'])
    assert.deepEqual(paths(await walkTree(t, tree, { include: ['c/'] })), ['c/d/e'])
  })

  it('minds ignore files in any folder and does not push them', async (t) => {
    const tree: Tree = {
      '.aetherfsignore': '*.tmp\nout/\n',
      'a.tmp': '',
      'a/.aetherfsignore': '!keep.tmp\n/x\n',
      'a/keep.tmp': '',
      'a/x': '',
      'a/b/x': '',
      'out/.aetherfsignore': '!*\n',
      'out/y': '',
    }
    assert.deepEqual(paths(await walkTree(t, tree)), ['a/b/x', 'a/keep.tmp'])
    assert.deepEqual(paths(await walkTree(t, tree, { exclude: ['!a.tmp', 'keep.tmp'] })), ['a.tmp', 'a/b/x'])
  })

  it('reads no patterns through a link, and none without end', async (t) => {
    const link: Tree = { '.aetherfsignore': { link: 'rules' }, rules: 'x' }
    await assert.rejects(walkTree(t, link), aetherError('source', '".aetherfsignore": it is a link'))
    const long: Tree = { '.aetherfsignore': Buffer.alloc(1024 * 1024 + 1) }
    await assert.rejects(walkTree(t, long), aetherError('source', 'over 1048576 bytes long'))
  })

  it('ignores what git does', { skip: !hasProgram('git') }, async (t) => {
    const part = fc.constantFrom('a', 'b', 'c.x', 'd-e')
    const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))
    const pattern = fc.constantFrom(
      'a',
      '/a',
      'b/',
      '*.x',
      '!c.x',
      'a/b',
      'a/*',
      '!a/b',
      '**/d-e',
      'a/**',
      '!/b/',
      '[ab]',
      '?',
      'd-e/a',
    )
    const rules = fc.dictionary(fc.constantFrom('', 'a/', 'b/', 'a/b/'), fc.array(pattern, { maxLength: 4 }))
    await fc.assert(
      fc.asyncProperty(fc.array(path, { minLength: 1, maxLength: 12 }), rules, async (files, ignored) => {
        const root = fs.mkdtempSync(join(temporaryFolder(t), 'git-'))
        for (const file of files) writeIfFree(root, file)
        for (const [folder, lines] of Object.entries(ignored))
          writeIfFree(root, `${folder}.aetherfsignore`, lines.join('\n'))
        const ours = [...(await walkFolder(root, TAKE_ALL)).entries]
          .filter((entry) => entry.kind === 'file')
          .map((entry) => entry.path)
        assert.deepEqual(ours, untracked(root))
      }),
      { numRuns: 30 },
    )
  })
})

/** Random paths may want a folder where a file is. */
function writeIfFree(root: string, path: string, text = ''): void {
  try {
    mkdirSync(join(root, path, '..'), { recursive: true })
    writeFileSync(join(root, path), text, { flag: 'wx' })
  } catch {}
}

function untracked(root: string): string[] {
  run('git', ['init', '-q', root])
  const args = ['-C', root, 'ls-files', '--others', '-z', '--exclude-per-directory=.aetherfsignore']
  const found = run('git', args).toString().split('\0').filter(Boolean)
  return found.filter((path) => !path.endsWith('.aetherfsignore')).sort()
}

const NAME = fc
  .oneof(
    fc.constantFrom(
      'a',
      'a.b',
      'a-b',
      'a b',
      'ab',
      'b',
      '\uE000',
      '\uFB01',
      '\uFFFD',
      '\uFFFF',
      '\u{10000}',
      '\u{1F600}x',
      '\u{10FFFF}',
    ),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }),
  )
  .filter(
    (name) =>
      !/[/\0]/.test(name) && name !== '.' && name !== '..' && Buffer.byteLength(name) < 200 && name.isWellFormed(),
  )

type Model = { [name: string]: number | Model }
const { tree: TREE } = fc.letrec<{ tree: Model; node: number | Model }>((tie) => ({
  tree: fc.dictionary(NAME, tie('node'), { maxKeys: 6, noNullPrototype: true }),
  node: fc.oneof({ maxDepth: 4 }, fc.nat(50), tie('tree')),
}))

function writeModel(folder: string, model: Model): void {
  mkdirSync(folder, { recursive: true })
  for (const [name, node] of Object.entries(model)) {
    if (typeof node === 'number') writeFileSync(join(folder, name), 'x'.repeat(node))
    else writeModel(join(folder, name), node)
  }
}

function expected(model: Model, prefix = ''): { path: string; size: number }[] {
  return Object.entries(model).flatMap(([name, node]) => {
    if (typeof node === 'number') return [{ path: prefix + name, size: node }]
    const below = expected(node, `${prefix}${name}/`)
    return below.length > 0 ? below : [{ path: prefix + name, size: 0 }]
  })
}

describe('walkFolder on any tree', { skip: process.platform !== 'linux' }, () => {
  it('lists what is there, as a listing wants it', async (t) => {
    const folder = temporaryFolder(t)
    let count = 0
    await fc.assert(
      fc.asyncProperty(TREE, async (model) => {
        const root = join(folder, `${count++}`)
        writeModel(root, model)
        const { entries } = await walkFolder(root, TAKE_ALL)
        const wanted = expected(model).sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)))
        assert.deepEqual(
          Array.from(entries, ({ path, size }) => ({ path, size })),
          wanted,
        )
        encodeListing(Array.from(entries, (entry) => ({ ...entry, hash: '0'.repeat(64) as FileHash }))) // throws when out of order
      }),
      { numRuns: 100 },
    )
  })

  it('sees the owner alone for what is executable', async (t) => {
    const root = makeTree(temporaryFolder(t), { a: '', b: '', c: '' })
    chmodSync(join(root, 'a'), 0o744)
    chmodSync(join(root, 'b'), 0o655)
    chmodSync(join(root, 'c'), 0o100)
    const { entries } = await walkFolder(root, TAKE_ALL)
    assert.deepEqual(
      Array.from(entries, (entry) => entry.executable),
      [true, false, true],
    )
  })
})
