// The delta between two trees in memory, made by the real encoder.
import { encodeDelta } from '../../../core/delta/encode.ts'
import { encodeListing, listingDigest } from '../../../core/listing.ts'
import { compareBytes } from '../../../core/path.ts'
import { encodeTimes } from '../../../core/times.ts'
import { findAnchors } from '../../../dataset/delta/find-anchors.ts'
import { createImage } from '../../../dataset/delta/image.ts'
import { entryOf, microsOf, type Tree } from './memory-hub.fixture.ts'

export async function deltaBetween(from: Tree, to: Tree): Promise<Buffer> {
  const [old, fresh] = [sideOf(from), sideOf(to)]
  const header = { from: old.digest, to: fresh.digest, fromLengths: old.image.lengths, toLengths: fresh.image.lengths }
  const common = await findAnchors(old.outline, fresh.outline)
  return Buffer.concat(await Array.fromAsync(encodeDelta({ header, from: old.image, to: fresh.image, ...common })))
}

function sideOf(tree: Tree) {
  const paths = Object.keys(tree).sort(compareBytes)
  const entries = paths.map((path) => entryOf(path, tree[path]!))
  const listing = encodeListing(entries)
  const times = encodeTimes(paths.map((path) => microsOf(path, tree[path]!)))
  const content = Buffer.concat(paths.map((path) => bytesOf(tree, path)))
  const read = async (offset: number, length: number) => content.subarray(offset, offset + length)
  const image = createImage(listing, times, { length: content.length, read })
  return { image, digest: listingDigest(listing), outline: { lengths: image.lengths, entries, chunks: [] } }
}

function bytesOf(tree: Tree, path: string): Uint8Array {
  const entry = tree[path]!
  return entry.kind === 'file' ? entry.bytes : new Uint8Array()
}
