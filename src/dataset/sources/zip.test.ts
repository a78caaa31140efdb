import assert from 'node:assert/strict'
import { appendFileSync, chmodSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { crc32 } from 'node:zlib'
import type { FilterOptions, Source, SourceListing } from '../source.ts'
import {
  aetherError,
  digests,
  filesOf,
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
import { walkFolder } from './walk.ts'
import { extraField, type ZipPart, zipEnd, zipOf } from './zip.fixture.ts'
import { listZip, openZipSource } from './zip.ts'

const MIB = 1024 * 1024
const LINK = 0o120777

function save(t: TestContext, bytes: Buffer): string {
  const path = join(temporaryFolder(t), 'x.zip')
  writeFileSync(path, bytes)
  return path
}

function list(path: string, filter: FilterOptions = TAKE_ALL): Promise<SourceListing> {
  return listZip(path, { filter })
}

async function read(path: string, listing: SourceListing): Promise<Map<string, Buffer>> {
  const source = await openZipSource(path)
  try {
    return await readAll(source, listing)
  } finally {
    await source.close()
  }
}

async function contents(t: TestContext, ...parts: ZipPart[]) {
  const path = save(t, zipOf(...parts))
  const listing = await list(path)
  return { listing, files: await read(path, listing) }
}

async function listParts(t: TestContext, ...parts: ZipPart[]): Promise<SourceListing> {
  return list(save(t, zipOf(...parts)))
}

async function refuses(t: TestContext, words: string | RegExp, ...parts: ZipPart[]): Promise<void> {
  await assert.rejects(listParts(t, ...parts), aetherError('source', words))
}

async function failsToRead(t: TestContext, words: string | RegExp, ...parts: ZipPart[]): Promise<void> {
  await assert.rejects(contents(t, ...parts), aetherError('source', words))
}

/** The bytes of the first segment from `start` on. */
async function readFrom(source: Source, listing: SourceListing, start: number): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const reader of source.segments(listing.entries, segmentsIn(listing).slice(0, 1))) {
    reader.skip(start)
    for (let piece = await reader.read(); piece; piece = await reader.read()) parts.push(Buffer.from(piece.bytes))
  }
  return Buffer.concat(parts)
}

describe('listZip', () => {
  it('sees a folder in its archive', { skip: !hasProgram('zip') }, async (t) => {
    const root = makeTree(join(temporaryFolder(t), 'root'), {
      a: { text: '#!', executable: true },
      'a.b': Buffer.alloc(40_000, 'text '),
      'b/x': noise(70, 2),
      'ö/\u{1F600}': 'x',
      'back\\slash': 'x',
      empty: { folder: true },
      l: { link: 'b/../a' },
      zero: '',
      big: noise(3 * MIB, 3),
    })
    utimesSync(join(root, 'a'), 1_600_000_001, 1_600_000_001)
    const folder = await walkFolder(root, TAKE_ALL)
    for (const options of ['-qry0', '-qry', '-qry9']) {
      const path = join(temporaryFolder(t), 'x.zip')
      run('zip', [options, path, '.'], { cwd: root })
      const listing = await list(path)
      assert.deepEqual(summary(listing), summary(folder))
      const files = await read(path, listing)
      assert.ok(files.get('big')!.equals(noise(3 * MIB, 3)))
      assert.equal(files.get('a.b')!.length, 40_000)
      assert.deepEqual(files.get('b/x'), noise(70, 2))
      assert.equal(listing.entries.at(0).modifiedMicros, 1_600_000_001e6)
    }
  })

  it('reads archives that were streamed, with sizes behind the bytes', { skip: !hasProgram('zip') }, async (t) => {
    const bytes = run('zip', ['-q', '-', '-'], { input: noise(100_000, 1) })
    const path = save(t, bytes)
    const files = await read(path, await list(path))
    assert.ok(files.get('-')!.equals(noise(100_000, 1)))
  })

  it('reads sizes of 64 bits', async (t) => {
    const { files } = await contents(
      t,
      { name: 'a', body: 'bytes', zip64: true },
      { name: 'b', body: 'more', method: 8, zip64: true },
    )
    assert.deepEqual(
      digests(files).map(([path]) => path),
      ['a', 'b'],
    )
  })

  it('is empty for an archive without entries', async (t) => assert.deepEqual(paths(await listParts(t)), []))

  it('takes links from their attributes and bytes', async (t) => {
    const { entries } = await listParts(
      t,
      { name: 'd/l', body: '../ä', mode: LINK },
      { name: 'z', body: 'd', mode: LINK, method: 8 },
    )
    assert.deepEqual(
      Array.from(entries, ({ kind, target, size }) => [kind, target, size]),
      [
        ['link', '../ä', 0],
        ['link', 'd', 0],
      ],
    )
  })

  it('refuses links that leave, are too long, or are no text', async (t) => {
    await refuses(t, '"l": it is a link to the absolute path "/x"', { name: 'l', body: '/x', mode: LINK })
    await refuses(t, '"l": it is a link that leaves the folder, to "../x"', { name: 'l', body: '../x', mode: LINK })
    await refuses(t, '"l": it is a link whose target is over 4095 bytes long', {
      name: 'l',
      body: 'x'.repeat(5000),
      mode: LINK,
    })
    await refuses(t, '"l": it is a link whose target is not valid UTF-8', {
      name: 'l',
      body: Buffer.from([255]),
      mode: LINK,
    })
    const { skipped } = await list(save(t, zipOf({ name: 'l', body: '/x', mode: LINK })), SKIP_SPECIAL)
    assert.deepEqual(skipped, [{ path: 'l', reason: 'it is a link to the absolute path "/x"' }])
  })

  it('takes modes from archives made on Unix only', async (t) => {
    const modes = { name: 'x', mode: 0o100755 }
    assert.equal((await listParts(t, modes)).entries.at(0).executable, true)
    assert.equal((await listParts(t, { ...modes, host: 19 })).entries.at(0).executable, true)
    assert.equal((await listParts(t, { ...modes, host: 0 })).entries.at(0).executable, false)
    await refuses(t, '"p": it is a named pipe', { name: 'p', mode: 0o010644 })
    await refuses(t, '"s": it is a socket', { name: 's', mode: 0o140644 })
  })

  it('knows folders by slash, mode or attribute', async (t) => {
    const listing = await listParts(
      t,
      { name: 'a/' },
      { name: 'b', mode: 0o040755 },
      { name: 'c', host: 0, attributes: 0x10 },
    )
    assert.deepEqual(
      summary(listing).map(({ kind, path }) => [kind, path]),
      [
        ['folder', 'a'],
        ['folder', 'b'],
        ['folder', 'c'],
      ],
    )
    await refuses(t, '"d": it is a folder with bytes', { name: 'd/', body: 'x' })
  })

  it('turns back-slashes of Windows into slashes, but not those of Unix', async (t) => {
    assert.deepEqual(paths(await listParts(t, { name: 'a\\b', host: 0 }, { name: 'c\\', host: 0 })), ['a/b', 'c'])
    assert.deepEqual(paths(await listParts(t, { name: 'a\\b' })), ['a\\b'])
  })

  it('decodes names as their archive means them', async (t) => {
    const utf8 = Buffer.from('ö')
    const decoded = async (part: ZipPart) => paths(await listParts(t, part))[0]
    assert.equal(await decoded({ name: utf8 }), 'ö')
    assert.equal(await decoded({ name: utf8, flags: 0 }), 'ö') // not said, but nothing else on Unix
    assert.equal(await decoded({ name: Buffer.from([0x94]), flags: 0, host: 0 }), 'ö') // code page 437
    const sum = Buffer.alloc(5, 1)
    sum.writeUInt32LE(crc32(Buffer.from('_')), 1)
    const unicode = extraField(0x7075, Buffer.concat([sum, utf8]))
    assert.equal(await decoded({ name: '_', flags: 0, extra: unicode }), 'ö')
    await refuses(t, '"a\\xff": its name is not valid UTF-8', { name: Buffer.from([0x61, 0xff]) })
  })

  it('takes times from the Unix field before those of DOS', async (t) => {
    const time = Buffer.from([1, 0, 0, 0, 0])
    time.writeInt32LE(1_600_000_001, 1)
    const { entries } = await listParts(t, { name: 'a', extra: extraField(0x5455, time) }, { name: 'b' })
    assert.equal(entries.at(0).modifiedMicros, 1_600_000_001e6)
    assert.equal(entries.at(1).modifiedMicros, new Date(2021, 0, 1, 12, 0, 0).getTime() * 1000)
  })

  it('refuses paths that no snapshot holds, by name', async (t) => {
    await refuses(t, '"/etc/x": it is absolute', { name: '/etc/x' })
    await refuses(t, '"a/../../x": a part of it is ".."', { name: 'a/../../x' })
    await refuses(t, '"C:\\x": it is absolute', { name: 'C:\\x', host: 0 })
    await refuses(t, '"../x": a part of it is ".."', { name: '..\\x', host: 0 })
    await refuses(t, '"a": it is in the archive twice', { name: 'a' }, { name: './a' })
    await refuses(
      t,
      '"l/x": it lies below "l", which is no folder',
      { name: 'l', body: 'd', mode: LINK },
      { name: 'l/x' },
    )
  })

  it('refuses what it cannot unpack, by name', async (t) => {
    await refuses(t, '"x": it is encrypted', { flags: 1, body: 'x' })
    await refuses(t, '"x": it is packed with bzip2, not with Deflate', { method: 12, body: 'x' })
    await refuses(t, '"x": it is packed with method 99, not with Deflate', { method: 99, body: 'x' })
    await refuses(t, '"x": its two sizes differ, though it is not compressed', { body: 'x', size: 7 })
    await refuses(t, '"x": it has no bytes, but the CRC-32 of some', { body: 'x', method: 8, size: 0 })
    await refuses(t, /strong encryption is not supported/, { flags: 0x41, body: 'x' })
    const path = save(t, zipOf({ name: 'x', flags: 1, body: 'x' }, { name: 'y' }))
    assert.deepEqual(paths(await list(path, { ...TAKE_ALL, exclude: ['x'] })), ['y'])
  })

  it('refuses entries that overlap', async (t) => {
    const body = Buffer.alloc(1000, 'x')
    await refuses(t, '"a" and "b" overlap in it', { name: 'a', body }, { name: 'b', body, header: 0 })
    await refuses(t, '"a" and "b" overlap in it', { name: 'a', body, packedSize: 1500, method: 8 }, { name: 'b', body })
  })

  it('minds limits on bytes and entries', async (t) => {
    const path = save(t, zipOf({ name: 'a', body: 'xxx' }, { name: 'b', body: 'xxx' }))
    const limited = (limits: object) => listZip(path, { filter: TAKE_ALL, limits })
    await assert.rejects(limited({ maxMembers: 1 }), aetherError('too-large', 'it has more than 1 entries'))
    await assert.rejects(limited({ maxBytes: 5 }), aetherError('too-large', 'unpacked it has more than 5 bytes'))
    await limited({ maxMembers: 2, maxBytes: 6 })
  })

  it('explains archives that are cut short or damaged', async (t) => {
    const whole = zipOf({ name: 'a', body: noise(1000, 1) }, { name: 'b', body: 'x' })
    const says = (bytes: Buffer, words: string | RegExp) =>
      assert.rejects(list(save(t, bytes)), aetherError('source', words))
    await says(
      whole.subarray(0, 900),
      /end of central directory record signature not found.*\nhint: Make or fetch the archive again/,
    )
    await says(Buffer.concat([whole, Buffer.from('garbage')]), /invalid comment length/)
    await says(
      Buffer.concat([whole.subarray(0, 1100), whole.subarray(1150)]),
      /invalid central directory file header signature|cut short/,
    )
    const fewer = Buffer.concat([whole.subarray(0, -22), zipEnd(1, 94, whole.indexOf('PK\x01\x02'))])
    await says(fewer, 'it has more entries than the 1 that it says it has')
    const more = Buffer.concat([whole.subarray(0, -22), zipEnd(9, 94, whole.indexOf('PK\x01\x02'))])
    await says(more, 'its directory is cut short')
  })

  it('filters as in a folder, with ignore files too', { skip: !hasProgram('zip') }, async (t) => {
    const root = makeTree(join(temporaryFolder(t), 'root'), {
      '.aetherfsignore': '*.tmp\n',
      'a/.aetherfsignore': '!keep.tmp\n',
      'a/keep.tmp': 'k',
      'b.tmp': 'x',
      '.aetherfs/y': 'x',
      'e/f.csv': 'x',
    })
    symlinkSync('/abs', join(root, 'special'))
    const path = join(temporaryFolder(t), 'x.zip')
    run('zip', ['-qry', path, '.'], { cwd: root })
    for (const options of [{ exclude: ['special'] }, { include: ['*.csv'] }, { skipSpecial: true }]) {
      const filter = { ...TAKE_ALL, ...options }
      assert.deepEqual(summary(await list(path, filter)), summary(await walkFolder(root, filter)))
    }
  })
})

describe('openZipSource', () => {
  const large = Buffer.alloc(5 * MIB, noise(70_000, 1))

  it('gives every byte, stored and deflated, small and large', async (t) => {
    const bodies: Record<string, Buffer> = {
      a: noise(3 * MIB, 2),
      b: large,
      c: noise(10, 3),
      d: noise(MIB, 4),
      e: Buffer.alloc(500),
    }
    const parts = Object.entries(bodies).flatMap(([name, body]) => [
      { name, body },
      { name: `${name}-deflated`, body, method: 8 },
    ])
    const { files } = await contents(t, ...parts.reverse())
    for (const [name, body] of Object.entries(bodies)) {
      assert.ok(files.get(name)!.equals(body))
      assert.ok(files.get(`${name}-deflated`)!.equals(body))
    }
  })

  it('gives segments in the order of the listing', async (t) => {
    const path = save(
      t,
      zipOf({ name: 'c', body: noise(40_000, 1) }, { name: 'a', body: 'a' }, { name: 'b', body: noise(40_000, 2) }),
    )
    const source = await openZipSource(path)
    const listing = await list(path)
    const seen: string[] = []
    for await (const reader of readersOf(source, listing))
      seen.push(...filesOf(listing, reader.segment).map((file) => file.path))
    assert.deepEqual(seen, ['a', 'b', 'c'])
    await source.close()
  })

  it('skips to any byte', async (t) => {
    for (const method of [0, 8]) {
      const path = save(t, zipOf({ name: 'a', body: large, method }, { name: 'b', body: noise(1000, 5), method }))
      const source = await openZipSource(path)
      assert.ok(source.canSkip)
      for (const start of [0, 1, 700_000, 5 * MIB - 1]) {
        assert.ok((await readFrom(source, await list(path), start)).equals(large.subarray(start)))
      }
      await source.close()
    }
  })

  it('checks sums and sizes', async (t) => {
    for (const body of [noise(1000, 1), large]) {
      for (const method of [0, 8])
        await failsToRead(t, '"x" is damaged (its CRC-32 is another)', { body, method, crc: 1 })
      await failsToRead(t, /"x" does not unpack to the \d+ bytes that the archive says it has/, {
        body,
        method: 8,
        size: body.length - 1,
      })
      await failsToRead(t, /"x" does not unpack to the \d+ bytes that the archive says it has/, {
        body,
        method: 8,
        size: body.length + 1,
      })
      await failsToRead(t, '"x" is cut short', { body, method: 8, packedSize: 100 })
    }
  })

  it('does not unpack a bomb beyond the size that it names', async (t) => {
    await failsToRead(t, 'does not unpack to the 10 bytes', { body: Buffer.alloc(50 * MIB), method: 8, size: 10 })
  })

  it('explains bytes that are damaged', async (t) => {
    const bytes = zipOf({ name: 'x', body: Buffer.alloc(5000, 'text'), method: 8 })
    bytes.fill(0xff, 31, 40)
    const path = save(t, bytes)
    await assert.rejects(read(path, await list(path)), aetherError('source', '"x" is damaged (invalid'))
  })

  it('explains bytes that are not where the directory says', async (t) => {
    const beyond = { name: 'x', body: 'x', header: 10_000 }
    await failsToRead(t, 'the header of "x" is not where the directory says', beyond)
    await failsToRead(t, 'it ends in the middle of "x"', { name: 'x', body: 'x', size: 5000, packedSize: 5000 })
    await failsToRead(t, 'it ends in the middle of "x"', { name: 'x', body: 'x', size: 5 * MIB, packedSize: 5 * MIB })
  })

  it('refuses an archive that changed since it was listed', async (t) => {
    const path = save(t, zipOf({ name: 'x', body: 'x' }))
    const listing = await list(path)
    const source = await openZipSource(path)
    chmodSync(path, 0o600) // even this shows
    await assert.rejects(readAll(source, listing), aetherError('source', 'changed while it was read'))
    await source.close()
    appendFileSync(path, 'x')
    await assert.rejects(openZipSource(path), aetherError('source', 'invalid comment length'))
  })
})
