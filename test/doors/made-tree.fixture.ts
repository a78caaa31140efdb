// A tree that is made up: any number of files of any size, whose bytes cost nothing. What it takes to read it is the door alone.

import { type Digest, type FileHash, sha256Hex } from '../../src/core/id.ts'
import { type Entry, encodeListing } from '../../src/core/listing.ts'
import type { DatasetName } from '../../src/core/names.ts'
import { openListing } from '../../src/core/packed-listing.ts'
import { compareBytes } from '../../src/core/path.ts'
import { inlineStream } from '../../src/core/record.ts'
import { createReadableTree } from '../../src/dataset/tree/create-tree.ts'
import type { Place, ReadableTree } from '../../src/dataset/tree/readable-tree.ts'
import type { TreeSource } from '../../src/dataset/tree/tree-source.ts'

const PIECE = Buffer.alloc(256 * 1024, 'made up ')

/** @param files their sizes by their paths */
export function madeTree(files: ReadonlyMap<string, number>): { tree: ReadableTree; root: Place } {
  const paths = [...files.keys()].sort(compareBytes)
  const hash = sha256Hex('') as FileHash
  const entries = paths.map((path): Entry => ({ kind: 'file', path, size: files.get(path)!, executable: false, hash }))
  const digest = sha256Hex(paths.join('\n')) as Digest
  const dataset = 'made' as DatasetName
  const text = encodeListing(entries)
  const listing = { entries: openListing(text), micros: new Float64Array(entries.length).fill(1e15), text }
  const nothing = inlineStream(new Uint8Array())
  const provenance = { creator: '', createdMicros: 1e15, message: '', labels: {} }
  const record = { digest, listing: nothing, times: nothing, content: nothing, blocks: [], provenance }
  const absent = (): never => {
    throw new Error('There is one snapshot here, and no tag')
  }
  const source: TreeSource = {
    listDatasets: absent,
    listTags: absent,
    getTag: absent,
    fetchBlock: absent,
    openSnapshot: async () => ({ record, listing }),
  }
  const contents = {
    async *read(_record: unknown, _file: unknown, { length }: { length: number }) {
      for (let left = length; left > 0; left -= PIECE.length) yield PIECE.subarray(0, left)
    },
  }
  return {
    tree: createReadableTree(source, contents),
    root: { level: 'snapshot', dataset, digest, index: 0, depth: 0 },
  }
}
