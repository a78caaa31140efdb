import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { idToBytes, sha256Hex } from '../../core/id.ts'
import { sampleBytes, sampleText } from '../../core/sample.fixture.ts'
import { type Segment, segmentsOf } from '../../core/segments.ts'
import type { Piece, SegmentReader } from '../source.ts'
import { createReuse, type FilesNow, type OldContent } from './reuse.ts'
import { createScanner, type ScannedChunk, type Window } from './scanner.ts'

interface MemoryFile {
  path: string
  bytes: Buffer
}

/** Reads a segment from memory in pieces of at most `pieceSize`, and counts what is read. */
function readerOf(segment: Segment, files: MemoryFile[], pieceSize: number, count: { read: number }): SegmentReader {
  let place = segment.first
  let offset = 0

  function skip(bytes: number): void {
    offset += bytes
    while (place < segment.end && offset >= files[place]!.bytes.length) offset -= files[place++]!.bytes.length
  }

  async function read(): Promise<Piece | undefined> {
    if (place === segment.end) return undefined
    const file = files[place]!.bytes
    const bytes = file.subarray(offset, offset + pieceSize)
    const piece = { place, bytes: Buffer.from(bytes), last: offset + bytes.length === file.length }
    count.read += bytes.length
    skip(bytes.length)
    return piece
  }

  return { segment, read, skip }
}

interface Scanned {
  chunks: ScannedChunk[]
  hashes: Map<string, string>
  read: number
}

async function scanAll(
  files: MemoryFile[],
  pieceSize: number,
  old?: { content: OldContent; oldOffset: (path: string) => number },
): Promise<Scanned> {
  const count = { read: 0 }
  const scanned: Scanned = { chunks: [], hashes: new Map(), read: 0 }
  const sizeOf = (place: number) => files[place]!.bytes.length
  const scanner = createScanner({ sizeOf, onHash: (place, hash) => scanned.hashes.set(files[place]!.path, hash) })
  const take = (window: Window) => {
    for (const chunk of window.chunks) {
      if (chunk.offset >= 0)
        assert.equal(sha256Hex(window.bytes.subarray(chunk.offset, chunk.offset + chunk.length)), chunk.id)
      scanned.chunks.push(chunk)
    }
  }
  const now: FilesNow = { size: sizeOf, oldOffset: Float64Array.from(files, ({ path }) => old?.oldOffset(path) ?? -1) }
  for (const segment of segmentsOf(files.map(({ bytes }) => bytes.length))) {
    const reuse = old && createReuse(old.content, now, segment)
    for await (const window of scanner.scan(readerOf(segment, files, pieceSize, count), reuse)) take(window)
  }
  take(scanner.flush())
  return { ...scanned, read: count.read }
}

/** What the stat cache would know after a scan of `files`. */
function oldOf(files: MemoryFile[], { chunks }: Scanned, changed: Set<string>) {
  const start = Float64Array.from([
    0,
    ...chunks.map(
      (
        (sum) => (c: ScannedChunk) =>
          (sum += c.length)
      )(0),
    ),
  ])
  const final = Uint8Array.from(chunks, (chunk, i) => (chunks[i + 1]?.segment === chunk.segment ? 0 : 1))
  const content: OldContent = {
    start,
    ids: Buffer.concat(chunks.map((c) => idToBytes(c.id))),
    final,
    usable: new Uint8Array(chunks.length).fill(1),
  }
  const offsets = new Map<string, number>()
  let offset = 0
  for (const { path, bytes } of files) {
    offsets.set(path, offset)
    offset += bytes.length
  }
  return { content, oldOffset: (path: string) => (changed.has(path) ? -1 : (offsets.get(path) ?? -1)) }
}

const ids = ({ chunks }: Scanned) => chunks.map(({ segment, id, length }) => ({ segment, id, length }))
const anyFile = fc.record({
  size: fc.oneof(fc.constant(0), fc.nat(300), fc.nat(40_000), fc.nat(700_000)),
  seed: fc.nat(5),
})
const name = (i: number) => `f${String(i).padStart(5, '0')}`
const make = (drafts: { size: number; seed: number }[]) =>
  drafts.map(({ size, seed }, i) => ({ path: name(i), bytes: sampleBytes(size, `${seed}`) }))

describe('createScanner', () => {
  it('gives the chunks and file hashes of any files, however the bytes arrive', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyFile, { maxLength: 12 }),
        fc.integer({ min: 1000, max: 1 << 20 }),
        async (drafts, pieceSize) => {
          const files = make(drafts)
          const scanned = await scanAll(files, pieceSize)
          assert.deepEqual(ids(scanned), ids(await scanAll(files, 1 << 20)))
          assert.equal(
            scanned.chunks.reduce((sum, c) => sum + c.length, 0),
            files.reduce((sum, f) => sum + f.bytes.length, 0),
          )
          for (const { path, bytes } of files)
            if (bytes.length > 0) assert.equal(scanned.hashes.get(path), sha256Hex(bytes))
        },
      ),
      { numRuns: 60 },
    )
  })

  it('finds the same chunks with the help of the last push as without it', async () => {
    const edit = fc.record({
      file: fc.nat(40),
      what: fc.constantFrom('edit', 'append', 'remove', 'insert', 'truncate'),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyFile, { minLength: 1, maxLength: 40 }),
        fc.array(edit, { maxLength: 3 }),
        async (drafts, edits) => {
          const before = make(drafts)
          const { files, changed } = mutate(before, edits)
          const old = oldOf(before, await scanAll(before, 1 << 20), changed)
          const helped = await scanAll(files, 1 << 20, old)
          assert.deepEqual(ids(helped), ids(await scanAll(files, 1 << 20)))
          for (const path of changed) {
            const file = files.find((f) => f.path === path)
            if (file && file.bytes.length > 0) assert.equal(helped.hashes.get(path), sha256Hex(file.bytes))
          }
        },
      ),
      { numRuns: 80 },
    )
  })

  it('reads only around the change in a long run of small files', async () => {
    const before = Array.from({ length: 4000 }, (_, i) => ({ path: name(i), bytes: sampleText(2000, `small ${i}`) }))
    const files = before.map((file, i) => (i === 1234 ? { ...file, bytes: sampleText(2000, 'other') } : file))
    const old = oldOf(before, await scanAll(before, 1 << 20), new Set([name(1234)]))
    const helped = await scanAll(files, 1 << 20, old)
    assert.ok(helped.read < 600_000, `read ${helped.read} of ${4000 * 2000} bytes`)
    assert.deepEqual(ids(helped), ids(await scanAll(files, 1 << 20)))
  })

  it('reads nothing where nothing changed', async () => {
    const files = make([
      { size: 500_000, seed: 1 },
      { size: 10, seed: 2 },
      { size: 30_000, seed: 3 },
    ])
    const old = oldOf(files, await scanAll(files, 1 << 20), new Set())
    assert.equal((await scanAll(files, 1 << 20, old)).read, 0)
  })

  it('reads what the hub does not have, though it did not change', async () => {
    const files = make([{ size: 500_000, seed: 1 }])
    const old = oldOf(files, await scanAll(files, 1 << 20), new Set())
    old.content.usable[1] = 0
    const helped = await scanAll(files, 1 << 20, old)
    assert.ok(helped.chunks.some((c, i) => i === 1 && c.offset >= 0))
    assert.ok(helped.read < 500_000)
  })
})

function mutate(before: MemoryFile[], edits: { file: number; what: string }[]) {
  let files = before
  const changed = new Set<string>()
  for (const { file, what } of edits) {
    const i = file % files.length
    const present = files[i]
    if (!present) continue
    if (what === 'remove') {
      files = files.toSpliced(i, 1)
      continue
    }
    if (what === 'insert') {
      const added = { path: `${present.path}x`, bytes: sampleBytes(12_345, 'inserted') }
      if (files.some(({ path }) => path === added.path)) continue
      files = files.toSpliced(i + 1, 0, added).sort((a, b) => (a.path < b.path ? -1 : 1))
      changed.add(added.path)
      continue
    }
    changed.add(present.path)
    files = files.with(i, { ...present, bytes: editBytes(present.bytes, what) })
  }
  return { files, changed }
}

function editBytes(bytes: Buffer, what: string): Buffer {
  if (what === 'append') return Buffer.concat([bytes, sampleBytes(777, 'tail')])
  if (what === 'truncate') return bytes.subarray(0, bytes.length >> 1)
  return Buffer.concat([
    bytes.subarray(0, bytes.length >> 1),
    Buffer.from('edit'),
    bytes.subarray((bytes.length >> 1) + 4),
  ])
}
