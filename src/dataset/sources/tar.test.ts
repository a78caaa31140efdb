import assert from 'node:assert/strict'
import { appendFileSync, linkSync, statSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { describe, it, type TestContext } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { pack } from 'tar-stream'
import type { FilterOptions, SourceListing } from '../source.ts'
import { stampOf } from './file-stamp.ts'
import { openSource } from './open-source.ts'
import { openPackedTarSource } from './packed-tar-source.ts'
import {
  aetherError,
  digests,
  hasProgram,
  makeTree,
  noise,
  paths,
  readAll,
  readersOf,
  run,
  SKIP_SPECIAL,
  segmentsIn,
  summary,
  TAKE_ALL,
  temporaryFolder,
} from './sources.fixture.ts'
import { createSpool } from './spool.ts'
import { paxPart, sealed, TAR_END, type TarPart, tarOf, tarPart } from './tar.fixture.ts'
import { listTar } from './tar.ts'
import type { TarKind } from './unpacked-stream.ts'
import { walkFolder } from './walk.ts'

const MIB = 1024 * 1024
const KINDS: TarKind[] = ['tar', 'tar.gz', 'tar.zst']

function packed(kind: TarKind, tar: Buffer): Buffer {
  if (kind === 'tar') return tar
  return kind === 'tar.gz' ? gzipSync(tar, { level: 1 }) : zstdCompressSync(tar)
}

function save(t: TestContext, bytes: Buffer, kind: TarKind = 'tar'): string {
  const path = join(temporaryFolder(t), `x.${kind}`)
  writeFileSync(path, bytes)
  return path
}

function list(path: string, kind: TarKind = 'tar', filter: FilterOptions = TAKE_ALL): Promise<SourceListing> {
  return listTar(path, kind, { filter })
}

async function read(path: string, kind: TarKind, listing: SourceListing): Promise<Map<string, Buffer>> {
  const source = await openSource({ kind, path })
  try {
    return await readAll(source, listing)
  } finally {
    await source.close()
  }
}

async function listParts(t: TestContext, ...parts: (TarPart | Buffer)[]): Promise<SourceListing> {
  return list(save(t, tarOf(...parts)))
}

/** Lists and reads an archive in all three wrappings; they must agree. */
async function contents(t: TestContext, tar: Buffer) {
  let first: { listing: SourceListing; files: Map<string, Buffer> } | undefined
  for (const kind of KINDS) {
    const path = save(t, packed(kind, tar), kind)
    const listing = await list(path, kind)
    const files = await read(path, kind, listing)
    first ??= { listing, files }
    assert.deepEqual(summary(listing), summary(first.listing))
    assert.deepEqual(digests(files), digests(first.files))
  }
  return first!
}

async function refuses(t: TestContext, words: string | RegExp, ...parts: (TarPart | Buffer)[]): Promise<void> {
  await assert.rejects(listParts(t, ...parts), aetherError('source', words))
}

describe('listTar', () => {
  for (const format of ['v7', 'oldgnu', 'gnu', 'ustar', 'posix']) {
    it(`sees a folder in its ${format} archive`, async (t) => {
      const long = format === 'v7' ? 'short' : `${'long/'.repeat(19)}${'n'.repeat(60)}`
      const root = makeTree(join(temporaryFolder(t), 'root'), {
        a: { text: '#!', executable: true },
        'a.b': noise(40_000, 1),
        'b/x': noise(70, 2),
        [`${long}/ö`]: 'x',
        empty: { folder: true },
        l: { link: format === 'v7' ? 'a' : `./${'a/../'.repeat(16)}a` },
        zero: '',
      })
      utimesSync(join(root, 'a'), 1_600_000_000, 1_600_000_000)
      const folder = await walkFolder(root, TAKE_ALL)
      for (const args of [
        ['-C', root, '.'],
        ['-C', root, ...['zero', 'l', 'empty', `${long}`, 'b', 'a.b', 'a']],
      ]) {
        const tar = run('tar', [`--format=${format}`, '-cf', '-', ...args])
        const { listing, files } = await contents(t, tar)
        assert.deepEqual(summary(listing), summary(folder))
        assert.deepEqual(files.get('a.b'), noise(40_000, 1))
        assert.deepEqual(files.get('b/x'), noise(70, 2))
        assert.equal(listing.entries.at(0).modifiedMicros, 1_600_000_000e6)
      }
    })
  }

  it('reads what tar-stream writes', async (t) => {
    const out = pack()
    const name = `${'ö'.repeat(80)}/x`
    out.entry({ name, mode: 0o755 }, 'body')
    out.entry({ name: 'd/', type: 'directory' })
    out.entry({ name: 'd/l', type: 'symlink', linkname: '../x' })
    out.entry({ name: 'p', pax: { mtime: '1600000000.5', comment: 'hi' } }, 'p')
    out.finalize()
    const { listing, files } = await contents(t, await buffer(out))
    assert.deepEqual(paths(listing), ['d/l', 'p', name])
    assert.equal(listing.entries.at(1).modifiedMicros, 1_600_000_000_500_000)
    assert.equal(listing.entries.at(2).executable, true)
    assert.equal(files.get(name)!.toString(), 'body')
  })

  it('strips leading "./" and what does not matter, and implies folders', async (t) => {
    const listing = await listParts(
      t,
      { name: './', type: '5' },
      { name: './a//./b' },
      { name: 'c/d/', type: '5' },
      { name: 'e/' },
    )
    assert.deepEqual(
      summary(listing).map(({ kind, path }) => [kind, path]),
      [
        ['file', 'a/b'],
        ['folder', 'c/d'],
        ['folder', 'e'],
      ],
    )
  })

  it('takes pax over plain headers, and global ones until they are taken back', async (t) => {
    const { listing, files } = await contents(
      t,
      tarOf(
        paxPart({ mtime: '1.5', path: 'global' }, 'g'),
        { name: 'ignored', body: 'g' },
        paxPart({ path: 'ä/own', mtime: '12.0000019' }),
        { name: 'x', body: 'own' },
        paxPart({ path: '', mtime: '' }, 'g'),
        { name: 'plain', body: 'p', mtime: 7 },
        paxPart({ size: '5' }),
        tarPart({ name: 'sized', body: '12345', size: 0 }),
      ),
    )
    const times = Object.fromEntries(Array.from(listing.entries, (entry) => [entry.path, entry.modifiedMicros]))
    assert.deepEqual(times, { global: 1_500_000, plain: 7e6, sized: 1.6e15, 'ä/own': 12_000_001 })
    assert.equal(files.get('sized')!.toString(), '12345')
  })

  it('reads sizes and times in GNU binary form', async (t) => {
    const block = tarPart({ name: 'x', magic: 'ustar  \0' })
    block.fill(0, 124, 148)
    Buffer.from([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3]).copy(block, 124)
    Buffer.from([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]).copy(block, 136)
    const { entries } = await list(
      save(t, tarOf(sealed(block), Buffer.concat([Buffer.from('abc'), Buffer.alloc(509)]))),
    )
    assert.deepEqual([entries.at(0).size, entries.at(0).modifiedMicros], [3, 256e6])
  })

  it('takes hard links as the file that they name', async (t) => {
    const root = makeTree(join(temporaryFolder(t), 'root'), {
      'a/big': noise(3 * MIB, 1),
      small: 'small',
      l: { link: 'small' },
    })
    linkSync(join(root, 'a/big'), join(root, 'z-big'))
    linkSync(join(root, 'a/big'), join(root, 'b-big'))
    linkSync(join(root, 'small'), join(root, 'a/small'))
    linkSync(join(root, 'l'), join(root, 'l2'))
    const tar = run('tar', ['-C', root, '-cf', '-', '.'])
    const { listing, files } = await contents(t, tar)
    assert.deepEqual(summary(listing), summary(await walkFolder(root, TAKE_ALL)))
    for (const path of ['a/big', 'b-big', 'z-big']) assert.ok(files.get(path)!.equals(noise(3 * MIB, 1)))
    assert.equal(files.get('a/small')!.toString(), 'small')
  })

  it('follows hard links to hard links', async (t) => {
    const { listing, files } = await contents(
      t,
      tarOf(
        { name: 'c', body: 'bytes', mode: 0o755 },
        { name: 'b', type: '1', link: './c', size: 5 },
        { name: 'a', type: '1', link: 'b' },
      ),
    )
    assert.deepEqual(
      Array.from(listing.entries, ({ path, size, executable }) => [path, size, executable]),
      [
        ['a', 5, true],
        ['b', 5, true],
        ['c', 5, true],
      ],
    )
    assert.equal(files.get('a')!.toString(), 'bytes')
  })

  it('refuses hard links to what does not come before', async (t) => {
    const words = (name: string) => `"a": it is a hard link to "${name}", which does not come before it`
    await refuses(t, words('no'), { name: 'a', type: '1', link: 'no' })
    await refuses(t, words('a'), { name: 'a', type: '1', link: 'a' })
    await refuses(t, words('b'), { name: 'a', type: '1', link: 'b' }, { name: 'b', type: '1', link: 'a' })
    await refuses(t, words('b'), { name: 'a', type: '1', link: 'b' }, { name: 'b', body: 'later' })
    await refuses(t, words('d'), { name: 'd/', type: '5' }, { name: 'a', type: '1', link: 'd' })
  })

  it('refuses paths that no snapshot holds, by name', async (t) => {
    await refuses(t, '"/etc/x": it is absolute', { name: '/etc/x' })
    await refuses(t, '"a/../../x": a part of it is ".."', { name: 'a/../../x' })
    await refuses(t, '"..": a part of it is ".."', { name: '..', type: '5' })
    await refuses(t, '"a\\xffb": its name is not valid UTF-8', { name: Buffer.from([0x61, 0xff, 0x62]) })
    await refuses(t, '"a\\xffb": its name is not valid UTF-8', paxPart({ path: Buffer.from([0x61, 0xff, 0x62]) }), {
      name: 'x',
    })
    await refuses(t, 'a part of it is over 255 bytes long', paxPart({ path: 'p'.repeat(256) }), { name: 'x' })
  })

  it('refuses paths that are there twice or below what is no folder', async (t) => {
    await refuses(t, '"a": it is in the archive twice', { name: 'a' }, { name: './a' })
    await refuses(t, '"a": it is in the archive twice', { name: 'a' }, { name: 'a/', type: '5' })
    await refuses(
      t,
      '"l/x": it lies below "l", which is no folder',
      { name: 'l', type: '2', link: 'd' },
      { name: 'l/x' },
    )
    await refuses(t, '"f/d/x": it lies below "f", which is no folder', { name: 'f' }, { name: 'f/d/x' })
    await refuses(t, '"f": it is no folder, but the archive has something below it', { name: 'f/x' }, { name: 'f' })
    assert.deepEqual(paths(await listParts(t, { name: 'd/', type: '5' }, { name: 'd/x' }, { name: 'd/', type: '5' })), [
      'd/x',
    ])
  })

  it('refuses devices, pipes and links that leave, or skips them', async (t) => {
    const parts: TarPart[] = [
      { name: 'c', type: '3' },
      { name: 'b', type: '4' },
      { name: 'p', type: '6' },
      { name: 'abs', type: '2', link: '/x' },
      { name: 'up', type: '2', link: '../x' },
      { name: 'none', type: '2' },
      { name: 'f', body: 'x' },
    ]
    const says =
      /Cannot take 6 entries:\n.*"c": it is a character device\n.*"b": it is a block device\n.*"p": it is a named pipe\n.*"abs": it is a link to the absolute path "\/x"\n.*"up": it is a link that leaves the folder, to "\.\.\/x"\n.*"none": it is a link without a target\nhint: .*--skip-special/s
    await refuses(t, says, ...parts)
    const { entries, skipped } = await list(save(t, tarOf(...parts)), 'tar', SKIP_SPECIAL)
    assert.deepEqual(
      Array.from(entries, (entry) => entry.path),
      ['f'],
    )
    assert.equal(skipped.length, 6)
  })

  it('refuses kinds of entries that it does not know', async (t) => {
    await refuses(t, '"m": it is of an unknown kind, "M"', { name: 'm', type: 'M', body: 'x' })
    const path = save(t, tarOf({ name: 'q', type: 'Q', body: 'x' }))
    await assert.rejects(list(path, 'tar', SKIP_SPECIAL), aetherError('source', 'it is of an unknown kind, "Q"'))
  })

  it('passes over volume labels and reads folders of incremental archives', async (t) => {
    const listing = await listParts(
      t,
      { name: 'label', type: 'V' },
      { name: 'd/', type: 'D', body: 'Yx\0\0' },
      { name: 'd/x', body: 'x' },
    )
    assert.deepEqual(paths(listing), ['d/x'])
  })

  it('refuses sparse files of all formats by name', async (t) => {
    const root = temporaryFolder(t)
    writeFileSync(join(root, 'sparse'), '')
    truncateSync(join(root, 'sparse'), 4 * MIB)
    // Enough holes for the map of the old format to go on behind the header.
    run(
      'sh',
      ['-c', 'for i in 1 2 3 4 5 6 7 8; do printf x | dd of=sparse bs=1 seek=$((i * 300000)) conv=notrunc; done'],
      { cwd: root },
    )
    writeFileSync(join(root, 'zz'), 'x')
    for (const format of ['gnu', 'posix']) {
      const tar = run('tar', ['--sparse', `--format=${format}`, '-cf', '-', 'sparse', 'zz'], { cwd: root })
      const words = /^Cannot take "sparse": it is a sparse file/
      await assert.rejects(list(save(t, tar)), aetherError('source', words))
      assert.deepEqual(paths(await list(save(t, tar), 'tar', { ...TAKE_ALL, exclude: ['sparse'] })), ['zz'])
    }
  })

  it('filters as in a folder, with ignore files too', async (t) => {
    const root = makeTree(join(temporaryFolder(t), 'root'), {
      '.aetherfsignore': '*.tmp\n',
      'a/.aetherfsignore': '!keep.tmp\n/x\n',
      'a/keep.tmp': 'k',
      'a/x': 'x',
      'b.tmp': 'x',
      'c/d.tmp': 'x',
      '.aetherfs/y': 'x',
      'e/f.csv': 'x',
      'n/o/p': { folder: true },
    })
    symlinkSync('/abs', join(root, 'special'))
    const tar = run('tar', ['-C', root, '-cf', '-', '.'])
    for (const options of [
      { exclude: ['special'] },
      { include: ['*.csv', 'n/'] },
      { exclude: ['special', 'n', '!b.tmp'] },
    ]) {
      const filter = { ...TAKE_ALL, ...options }
      assert.deepEqual(summary(await list(save(t, tar), 'tar', filter)), summary(await walkFolder(root, filter)))
    }
  })

  it('reads no patterns through a link, and none without end', async (t) => {
    await refuses(t, '"a/.aetherfsignore": it is a link', { name: 'a/.aetherfsignore', type: '2', link: 'x' })
    await refuses(
      t,
      '".aetherfsignore": it is a link',
      { name: 'x' },
      { name: '.aetherfsignore', type: '1', link: 'x' },
    )
    const long = { name: '.aetherfsignore', body: Buffer.alloc(MIB + 1) }
    await refuses(t, '".aetherfsignore" is over 1048576 bytes long', long)
  })

  it('minds limits on bytes and entries', async (t) => {
    const tar = tarOf(
      { name: 'a', body: Buffer.alloc(3000) },
      { name: 'b', type: '1', link: 'a' },
      { name: 'c', type: '1', link: 'a' },
    )
    const limited = (kind: TarKind, bytes: Buffer, limits: object) =>
      listTar(save(t, bytes, kind), kind, { filter: TAKE_ALL, limits })
    await assert.rejects(limited('tar', tar, { maxMembers: 2 }), aetherError('too-large', 'it has more than 2 entries'))
    await assert.rejects(
      limited('tar', tar, { maxBytes: 8000 }),
      aetherError('too-large', 'unpacked it has more than 8000 bytes'),
    )
    const bomb = gzipSync(Buffer.concat([tarOf({ name: 'a' }), Buffer.alloc(20 * MIB)]))
    await assert.rejects(
      limited('tar.gz', bomb, { maxBytes: 10 * MIB }),
      aetherError('too-large', 'unpacked it has more than'),
    )
    const header = tarPart({ name: 'a', size: 8 ** 11 - 1 })
    await assert.rejects(
      limited('tar', header, { maxBytes: 10 * MIB }),
      aetherError('source', 'it ends in the middle of "a"'),
    )
  })

  it('does not read extended headers without end', async (t) => {
    await refuses(t, 'an extended header is over 4194304 bytes long', tarPart({ type: 'x', size: 2 ** 31 }))
    await refuses(t, 'an extended header is over 4194304 bytes long', tarPart({ type: 'L', size: 2 ** 31 }))
  })

  it('explains archives that are cut short', async (t) => {
    const whole = tarOf({ name: 'a', body: Buffer.alloc(2000) }, paxPart({ path: 'b' }), {
      name: 'x',
      body: Buffer.alloc(2000),
    })
    const cut = async (length: number, words: string) => {
      await assert.rejects(list(save(t, whole.subarray(0, length))), aetherError('source', words))
      const gz = gzipSync(whole.subarray(0, length))
      await assert.rejects(list(save(t, gz, 'tar.gz'), 'tar.gz'), aetherError('source', words))
    }
    await cut(512 + 100, 'it ends in the middle of "a"')
    await cut(2560, 'it has no end mark, so it may be cut short')
    await cut(2560 + 100, 'it ends in the middle of a header')
    await cut(2560 + 512 + 3, 'it ends in the middle of an extended header')
    await cut(2560 + 1024 + 512 + 700, 'it ends in the middle of "b"')
    await cut(0, 'it has no end mark')
  })

  it('explains archives that are damaged', async (t) => {
    const tar = tarOf({ name: 'a', body: 'x' }, { name: 'b' })
    tar[1024] = 0x7f
    await assert.rejects(
      list(save(t, tar)),
      aetherError('source', /the header at byte 1024 is damaged\nhint: Make or fetch the archive again/),
    )
    await assert.rejects(
      list(save(t, Buffer.alloc(512, 1))),
      aetherError('source', 'it does not begin as a tar archive'),
    )
    await refuses(t, 'an extended header is damaged', tarPart({ type: 'x', body: '99 path=x\n' }))
    await refuses(t, 'the extended header of "x" is damaged', paxPart({ size: '1e3' }), { name: 'x' })
    const minus = tarPart({ name: 'x' })
    minus.fill(0xff, 124, 136)
    await refuses(t, 'it does not begin as a tar archive', sealed(minus))
  })

  it('allows a lone end block and anything behind the end, as GNU tar does', async (t) => {
    const one = Buffer.concat([tarPart({ name: 'a' }), Buffer.alloc(512)])
    const more = Buffer.concat([tarPart({ name: 'a' }), TAR_END, noise(5000, 1)])
    for (const tar of [one, more]) {
      for (const kind of KINDS) assert.deepEqual(paths(await list(save(t, packed(kind, tar), kind), kind)), ['a'])
    }
  })

  it('stops when it is asked to', async (t) => {
    const path = save(t, tarOf({ name: 'a' }))
    await assert.rejects(listTar(path, 'tar', { filter: TAKE_ALL, signal: AbortSignal.abort() }), {
      name: 'AbortError',
    })
  })
})

describe('listTar of compressed archives', () => {
  const tar = tarOf({ name: 'a', body: noise(300_000, 1) }, { name: 'b', body: noise(5000, 2) })

  it('explains damage and what is cut short', async (t) => {
    const gz = gzipSync(tar)
    const zst = zstdCompressSync(tar)
    const bad = Buffer.from(gz)
    bad[gz.length - 6]! ^= 1
    await assert.rejects(
      list(save(t, bad, 'tar.gz'), 'tar.gz'),
      aetherError('source', 'its gzip data is damaged (incorrect data check)'),
    )
    await assert.rejects(
      list(save(t, gz.subarray(0, -9), 'tar.gz'), 'tar.gz'),
      aetherError('source', 'its gzip data is cut short'),
    )
    await assert.rejects(
      list(save(t, gz.subarray(0, 1000), 'tar.gz'), 'tar.gz'),
      aetherError('source', 'its gzip data is cut short'),
    )
    await assert.rejects(
      list(save(t, zst.subarray(0, -9), 'tar.zst'), 'tar.zst'),
      aetherError('source', 'its zstd data is cut short'),
    )
    const worse = Buffer.from(zst)
    worse.fill(0xff, 4, 40)
    await assert.rejects(
      list(save(t, worse, 'tar.zst'), 'tar.zst'),
      aetherError('source', 'its zstd data is damaged ('),
    )
  })

  it('reads members and frames in a row as one', async (t) => {
    for (const kind of ['tar.gz', 'tar.zst'] as const) {
      const parts = [tar.subarray(0, 1000), tar.subarray(1000, 100_000), tar.subarray(100_000)]
      const path = save(t, Buffer.concat(parts.map((part) => packed(kind, part))), kind)
      const listing = await list(path, kind)
      assert.deepEqual((await read(path, kind, listing)).get('a'), noise(300_000, 1))
    }
  })

  it('reads what gzip and zstd write', { skip: !hasProgram('zstd') }, async (t) => {
    for (const [kind, program] of [
      ['tar.gz', ['gzip', '-9']],
      ['tar.zst', ['zstd', '-19', '--check', '--long=27']],
    ] as const) {
      const path = save(t, run(program[0], [...program.slice(1), '-c'], { input: tar }), kind)
      assert.deepEqual((await read(path, kind, await list(path, kind))).get('b'), noise(5000, 2))
    }
  })

  it('refuses zstd windows that need more memory than it has', { skip: !hasProgram('zstd') }, async (t) => {
    const path = save(t, run('zstd', ['-c', '--ultra', '-20', '--long=28'], { input: tar }), 'tar.zst')
    await assert.rejects(
      list(path, 'tar.zst'),
      aetherError('source', 'its zstd data needs a window of more than 128 MiB'),
    )
  })
})

describe('tar sources', () => {
  /** Files of many sizes, in an order that is not the listing's. */
  const files = Object.fromEntries(
    Array.from({ length: 200 }, (_, i) => [
      `${(i * 71) % 10}/${(i * 37) % 200}`,
      noise(i % 9 === 0 ? 50_000 + i * 999 : i * 13, i),
    ]),
  )
  const tar = tarOf(...Object.entries(files).map(([name, body]) => ({ name, body })))

  it('gives every byte however the archive is sorted', async (t) => {
    const { files: found } = await contents(t, tar)
    for (const [path, bytes] of Object.entries(files)) assert.ok(bytes.equals(found.get(path) ?? Buffer.alloc(0)))
  })

  it('sets small files aside in a file where memory is too little', async (t) => {
    const body = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`f${(i * 37) % 100}`, noise(30_000, i)]))
    const path = save(
      t,
      gzipSync(tarOf(...Object.entries(body).map(([name, bytes]) => ({ name, body: bytes }))), { level: 1 }),
      'tar.gz',
    )
    const listing = await list(path, 'tar.gz')
    const spool = createSpool({ memory: MIB })
    const source = openPackedTarSource(path, 'tar.gz', { spool })
    const found = await readAll(source, listing)
    for (const [name, bytes] of Object.entries(body)) assert.deepEqual(found.get(name), bytes)
    assert.equal(spool.end(), 0) // cleared when all was given
    assert.deepEqual(digests(await readAll(source, listing)), digests(found)) // and it can be read again
    await source.close()
  })

  it('passes large files on without setting them aside', async (t) => {
    const path = save(t, gzipSync(tarOf({ name: 'big', body: noise(3 * MIB, 1) })), 'tar.gz')
    const spool = { ...createSpool(), append: () => assert.fail('set aside') }
    const source = openPackedTarSource(path, 'tar.gz', { spool })
    assert.ok((await readAll(source, await list(path, 'tar.gz'))).get('big')!.equals(noise(3 * MIB, 1)))
    await source.close()
  })

  it('refuses an archive that changed since it was listed', async (t) => {
    for (const kind of KINDS) {
      const path = save(t, packed(kind, tar), kind)
      const listing = await list(path, kind)
      appendFileSync(path, Buffer.alloc(512))
      await assert.rejects(read(path, kind, listing), aetherError('source', /x\.tar.*" changed while it was read/))
    }
  })

  it('refuses an archive that changes while it is read', async (t) => {
    for (const kind of KINDS) {
      const path = save(t, packed(kind, tar), kind)
      const listing = await list(path, kind)
      const source = await openSource({ kind, path })
      const readers = readersOf(source, listing)
      const change = async () => {
        for await (const reader of readers) {
          appendFileSync(path, 'x')
          while (await reader.read());
        }
      }
      await assert.rejects(change(), aetherError('source', 'changed while it was read'))
      await source.close()
    }
  })

  it('passes over readers that are given up', async (t) => {
    for (const kind of KINDS) {
      const path = save(t, packed(kind, tar), kind)
      const listing = await list(path, kind)
      const source = await openSource({ kind, path })
      let count = 0
      for await (const reader of readersOf(source, listing)) {
        if (count++ % 2 === 0) continue
        const piece = await reader.read()
        const entry = listing.entries.at(reader.segment.first)
        assert.deepEqual(Buffer.from(piece!.bytes), files[entry.path]!.subarray(0, piece!.bytes.length))
      }
      assert.equal(count, segmentsIn(listing).length)
      await source.close()
    }
  })

  it('cannot skip in compressed archives, and says so', async (t) => {
    const path = save(t, gzipSync(tar), 'tar.gz')
    const source = await openSource({ kind: 'tar.gz', path })
    assert.equal(source.canSkip, false)
    for await (const reader of readersOf(source, await list(path, 'tar.gz')))
      assert.throws(() => reader.skip(1), TypeError)
    await source.close()
    assert.equal((await openSource({ kind: 'tar', path: save(t, tar) })).canSkip, true)
  })

  it('stamps files by their archive', async (t) => {
    const path = save(t, tar)
    assert.ok([...(await list(path)).entries].every((entry) => !entry.settled)) // new
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 10_000 })
    const later = await list(path)
    const stamps = new Set(Array.from(later.entries, (entry) => entry.stamp))
    assert.deepEqual([...stamps], [stampOf(statSync(path))])
    assert.ok([...later.entries].every((entry) => entry.settled))
  })
})
