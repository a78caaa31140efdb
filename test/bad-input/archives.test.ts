// Archives that nobody should unpack. Nothing of them is pushed, and nothing is written outside of temporary places.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { paxPart, tarOf, tarPart } from '../../src/dataset/sources/tar.fixture.ts'
import { zipOf } from '../../src/dataset/sources/zip.fixture.ts'
import { openCliWorld } from '../testing/cli-world.fixture.ts'

const LINK = 0o120777

interface Evil {
  bytes: Buffer
  words: RegExp
  /** What --skip-special makes of it. @default the same failure */
  skips?: boolean
}

/** By what is wrong with them. */
const TARS: Record<string, Evil> = {
  'a path that climbs': { bytes: tarOf({ name: '../evil', body: 'x' }), words: /"..\/evil": a part of it is ".."/ },
  'a path that climbs in the middle': {
    bytes: tarOf({ name: 'a/../../evil', body: 'x' }),
    words: /a part of it is ".."/,
  },
  'an absolute path': { bytes: tarOf({ name: '/tmp/evil', body: 'x' }), words: /"\/tmp\/evil": it is absolute/ },
  'a path with NUL': { bytes: tarOf(paxPart({ path: 'a\0b' }), { body: 'x' }), words: /it has a NUL character/ },
  'a path that is no text': {
    bytes: tarOf({ name: Buffer.from([0x61, 0xff]) }),
    words: /"a\\xff": its name is not valid/,
  },
  'a path that is too long': { bytes: tarOf(paxPart({ path: 'x'.repeat(300) }), {}), words: /over 255 bytes long/ },
  'a path twice': {
    bytes: tarOf({ name: 'a', body: '1' }, { name: 'a', body: '2' }),
    words: /"a": it is in the archive twice/,
  },
  'a file below a file': {
    bytes: tarOf({ name: 'a' }, { name: 'a/b' }),
    words: /it lies below "a", which is no folder/,
  },
  'a file below a link': {
    bytes: tarOf({ name: 'a', type: '2', link: 'b' }, { name: 'a/evil', body: 'x' }),
    words: /it lies below "a", which is no folder/,
  },
  'a link out': {
    bytes: tarOf({ name: 'a', type: '2', link: '../evil' }),
    words: /it is a link that leaves the folder/,
    skips: true,
  },
  'an absolute link': {
    bytes: tarOf({ name: 'a', type: '2', link: '/etc/passwd' }),
    words: /link to the absolute path/,
    skips: true,
  },
  'a hard link out': {
    bytes: tarOf({ name: 'a', type: '1', link: '../../etc/passwd' }),
    words: /which does not come before it/,
  },
  'a hard link to itself': {
    bytes: tarOf({ name: 'a', type: '1', link: 'a' }),
    words: /which does not come before it/,
  },
  'a device': { bytes: tarOf({ name: 'a', type: '3' }), words: /"a": it is a character device/, skips: true },
  'a pipe': { bytes: tarOf({ name: 'a', type: '6' }), words: /"a": it is a named pipe/, skips: true },
  'a member of 8 GiB that is not there': {
    bytes: tarOf({ name: 'a', size: 8 ** 11 - 1 }),
    words: /it ends in the middle of "a"/,
  },
  'an extension of 8 GiB': {
    bytes: tarOf({ type: 'x', size: 8 ** 11 - 1 }),
    words: /an extended header is over 4194304 bytes long/,
  },
  'a size in an extension that is none': {
    bytes: tarOf(paxPart({ size: '1e99' }), { name: 'a' }),
    words: /is damaged/,
  },
  'no end': { bytes: tarPart({ name: 'a', body: 'x' }), words: /it has no end mark, so it may be cut short/ },
  'a header that is cut short': {
    bytes: tarOf({ name: 'a' }).subarray(0, 700),
    words: /it ends in the middle of a header/,
  },
}

const ZIPS: Record<string, Evil> = {
  'a path that climbs': { bytes: zipOf({ name: '../evil', body: 'x' }), words: /"..\/evil": a part of it is ".."/ },
  'an absolute path': { bytes: zipOf({ name: '/tmp/evil', body: 'x' }), words: /it is absolute/ },
  'a path of Windows that climbs': {
    bytes: zipOf({ name: '..\\evil', host: 0, body: 'x' }),
    words: /a part of it is ".."/,
  },
  'a drive of Windows': { bytes: zipOf({ name: 'C:\\evil', host: 0, body: 'x' }), words: /it is absolute/ },
  'a path twice': {
    bytes: zipOf({ name: 'a', body: '1' }, { name: 'a', body: '2' }),
    words: /it is in the archive twice/,
  },
  'a link out': {
    bytes: zipOf({ name: 'a', body: '../evil', mode: LINK }),
    words: /it is a link that leaves the folder/,
    skips: true,
  },
  'a bomb: more bytes than it says': {
    bytes: zipOf({ name: 'a', body: Buffer.alloc(50_000_000), method: 8, size: 1000 }),
    words: /"a" does not unpack to the 1000 bytes that the archive says it has/,
  },
  'fewer bytes than it says': {
    bytes: zipOf({ name: 'a', body: Buffer.alloc(1000), method: 8, size: 2_000_000 }),
    words: /"a" does not unpack to the 2000000 bytes/,
  },
  'files that share their bytes': {
    bytes: zipOf({ name: 'a', body: 'x'.repeat(1000) }, { name: 'b', body: 'x'.repeat(1000), header: 0 }),
    words: /"a" and "b" overlap in it/,
  },
  'over 1 TiB': {
    bytes: zipOf({ name: 'a', method: 8, size: 2 ** 41, zip64: true }),
    words: /unpacked it has more than 1099511627776 bytes\nhint: Unpack it/,
  },
  'a wrong checksum': { bytes: zipOf({ name: 'a', body: 'x', crc: 1 }), words: /is damaged \(its CRC-32 is another\)/ },
  'a password': { bytes: zipOf({ name: 'a', body: 'x', flags: 0x801 }), words: /"a": it is encrypted/ },
  'an unknown method': { bytes: zipOf({ name: 'a', body: 'x', method: 12 }), words: /it is packed with bzip2/ },
  'no directory': { bytes: zipOf({ name: 'a', body: 'x' }).subarray(0, 40), words: /Cannot read the archive/ },
}

/** The same tar archive in each way of packing it. */
function packings(bytes: Buffer): [ending: string, bytes: Buffer][] {
  return [
    ['tar', bytes],
    ['tar.gz', gzipSync(bytes)],
    ['tar.zst', zstdCompressSync(bytes)],
  ]
}

describe('tar archives', () => {
  for (const [what, evil] of Object.entries(TARS)) {
    it(`with ${what} are refused`, () => checkRefused(packings(evil.bytes), evil))
  }
})

describe('zip archives', () => {
  for (const [what, evil] of Object.entries(ZIPS)) {
    it(`with ${what} are refused`, () => checkRefused([['zip', evil.bytes]], evil))
  }
})

async function checkRefused(archives: [ending: string, bytes: Buffer][], { words, skips }: Evil): Promise<void> {
  await using world = await openCliWorld()
  for (const [ending, bytes] of archives) {
    const path = world.at(`archive.${ending}`)
    await writeFile(path, bytes)
    const push = ['push', path, '-t', `geo:${ending}`]
    await world.fails(1, words, ...push)
    assert.deepEqual(await world.tags(), [], ending)
    assert.ok(!existsSync(world.at('evil')) && !existsSync('/tmp/evil'))
    if (!skips) await world.fails(1, words, ...push, '--skip-special')
  }
  if (skips) await world.succeeds('push', world.at(`archive.${archives[0]![0]}`), '-t', 'geo:skipped', '--skip-special')
}

describe('packed archives', () => {
  it('that are cut short or damaged are refused', async () => {
    await using world = await openCliWorld()
    const whole = packings(tarOf({ name: 'a', body: 'one'.repeat(50_000) }, { name: 'b', body: 'two' })).slice(1)
    for (const [ending, bytes] of whole) {
      for (const [what, broken] of [
        ['cut', bytes.subarray(0, -9)],
        ['flipped', flip(bytes, bytes.length >> 1)],
      ] as const) {
        await writeFile(world.at(`${what}.${ending}`), broken)
        await world.fails(1, /Cannot read the archive/, 'push', world.at(`${what}.${ending}`), '-t', 'geo')
      }
    }
    assert.deepEqual(await world.tags(), [])
  })
})

function flip(bytes: Buffer, place: number): Buffer {
  const flipped = Buffer.from(bytes)
  flipped[place]! ^= 0xff
  return flipped
}
