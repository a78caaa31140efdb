import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type ChunkId, type FileHash, sha256Hex } from '../../core/id.ts'
import { type Entry, encodeListing } from '../../core/listing.ts'
import { type ContentChunk, findAnchors, type Outline } from './find-anchors.ts'

type Files = Record<string, string>

/** Two bytes a letter of the text, so that offsets are not lengths by chance. */
function outline(files: Files, chunks: [text: string, offset: number][] = []): Outline {
  const entries: Entry[] = Object.entries(files).map(([path, text]) => ({
    ...{ kind: 'file', path, executable: false, size: 2 * text.length },
    hash: sha256Hex(text) as FileHash,
  }))
  const content = entries.reduce((sum, entry) => sum + (entry.kind === 'file' ? entry.size : 0), 0)
  const lengths = { listing: encodeListing(entries).length, times: 3, content }
  return { lengths, entries, chunks: chunks.map(([text, offset]) => chunkOf(text, offset)) }
}

function chunkOf(text: string, offset: number): ContentChunk {
  return { id: sha256Hex(`chunk ${text}`) as ChunkId, offset, length: 2 * text.length }
}

/** Anchors by places in the content. */
async function contentAnchors(from: Outline, to: Outline) {
  const { anchors } = await findAnchors(from, to)
  const base = ({ lengths }: Outline) => lengths.listing + lengths.times
  return anchors.map((anchor) => [anchor.from - base(from), anchor.to - base(to), anchor.length])
}

describe('findAnchors', () => {
  it('finds whole files, at the same path or another, and joins neighbours', async () => {
    const from = outline({ a: 'one', b: 'two', c: 'three' })
    assert.deepEqual(await contentAnchors(from, from), [[0, 0, 22]])
    assert.deepEqual(await contentAnchors(from, outline({ a: 'new', b: 'two', d: 'three', e: 'one' })), [
      [6, 6, 16],
      [0, 22, 6],
    ])
  })

  it('prefers the file at the same path', async () => {
    const from = outline({ a: 'same', b: 'x', c: 'same' })
    assert.deepEqual(await contentAnchors(from, outline({ c: 'same' })), [[10, 0, 8]])
  })

  it('finds chunks of files that changed, and none inside of files that it has whole', async () => {
    const from = outline({ a: 'abcdef', b: 'ghi' }, [
      ['abc', 0],
      ['def', 6],
      ['ghi', 12],
    ])
    const to = outline({ a: 'abcxyzdef', b: 'ghi' }, [
      ['abc', 0],
      ['xyz', 6],
      ['def', 12],
      ['ghi', 18],
    ])
    assert.deepEqual(await contentAnchors(from, to), [
      [0, 0, 6],
      [6, 12, 12],
    ])
  })

  it('hints at the start of what changed: listing, times, and files at the same path', async () => {
    const [from, to] = [outline({ a: 'one', b: 'two' }), outline({ a: 'one', b: 'three', c: 'four' })]
    const { hints } = await findAnchors(from, to)
    const [old, fresh] = [from.lengths.listing, to.lengths.listing]
    assert.deepEqual(hints, [
      { from: 0, to: 0 },
      { from: old, to: fresh },
      { from: old + 3 + 6, to: fresh + 3 + 6 },
    ])
  })
})
