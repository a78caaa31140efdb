import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createChunker } from '../../core/chunker.ts'
import { type FileHash, ID_BYTES, idAt, sha256Hex } from '../../core/id.ts'
import { type Entry, encodeListing, listingDigest } from '../../core/listing.ts'
import { encodeTimes } from '../../core/times.ts'
import { NO_CHUNKS } from '../../dataset/chunk-list.ts'
import { createEntryTable } from '../../dataset/entry-table.ts'
import { createKnownChunks } from '../../dataset/known-chunks.ts'
import type { Packer } from '../../dataset/packer.ts'
import type { SourceEntry } from '../../dataset/source.ts'
import type { Chunks } from '../../dataset/stage-stream.ts'
import { createKnownFiles } from './known-files.ts'
import type { PreparedSource } from './prepare.ts'
import { stageSnapshot } from './stage.ts'

const draft = { executable: false, target: '', stamp: 'x', settled: true, location: 0 }

function sourceOf(files: number): { source: PreparedSource; listing: Entry[]; times: number[] } {
  const entries: SourceEntry[] = Array.from({ length: files }, (_, i) => ({
    ...draft,
    kind: 'file',
    path: `f${String(i).padStart(6, '0')}`,
    size: i % 3,
    modifiedMicros: (i * 7919) % 1000,
  }))
  entries.push({ ...draft, kind: 'folder', path: 'g', size: 0, modifiedMicros: 1 })
  entries.push({ ...draft, kind: 'link', path: 'h', target: 'g', size: 0, modifiedMicros: 2 })
  const table = createEntryTable()
  for (const entry of entries) table.add(entry)
  const known = createKnownFiles(entries.length)
  const listing = entries.map(({ kind, path, size, executable, target }, place): Entry => {
    if (kind === 'folder') return { kind, path }
    if (kind === 'link') return { kind, path, target }
    const hash = sha256Hex(size === 0 ? '' : path) as FileHash
    if (size > 0) known.hashes.write(hash, place * ID_BYTES, 'hex')
    return { kind, path, executable, size, hash }
  })
  const source = { entries: table.finish('as added'), known } as PreparedSource
  return { source, listing, times: entries.map(({ modifiedMicros }) => modifiedMicros) }
}

/** Keeps the chunks that it is given. */
function keepingPacker() {
  const kept = new Map<string, Buffer>()
  const add = async (id: string, bytes: Uint8Array) => void kept.set(id, Buffer.from(bytes))
  return { kept, packer: { has: (id) => kept.has(id), add } as Pick<Packer, 'has' | 'add'> as Packer }
}

function cutsOf(bytes: Uint8Array): number[] {
  const chunker = createChunker()
  const lengths: number[] = []
  for (let at = 0; at < bytes.length; at += lengths.at(-1)!) {
    const cut = chunker.nextCut(bytes.subarray(at))
    lengths.push(cut < 0 ? bytes.length - at : cut)
  }
  return lengths
}

describe('stageSnapshot', () => {
  it('keeps what is short in the record', async () => {
    const { source, listing, times } = sourceOf(600)
    const { kept, packer } = keepingPacker()
    const staged = await stageSnapshot(source, NO_CHUNKS, createKnownChunks(), packer)
    assert.equal(staged.digest, listingDigest(encodeListing(listing)))
    assert.deepEqual(staged.listing, encodeListing(listing))
    assert.deepEqual(staged.times, encodeTimes(times))
    assert.equal(kept.size, 0)
  })

  it('cuts what is long as if it had been there at once', async () => {
    const { source, listing, times } = sourceOf(60_000)
    const { kept, packer } = keepingPacker()
    const staged = await stageSnapshot(source, NO_CHUNKS, createKnownChunks(), packer)
    assert.equal(staged.digest, listingDigest(encodeListing(listing)))
    for (const [stream, whole] of [
      [staged.listing, encodeListing(listing)],
      [staged.times, encodeTimes(times)],
    ] as const) {
      const { ids, lengths } = stream as Chunks
      assert.deepEqual([...lengths], cutsOf(whole))
      assert.ok(Buffer.concat(Array.from(lengths, (_, i) => kept.get(idAt(ids, i))!)).equals(whole))
    }
  })
})
