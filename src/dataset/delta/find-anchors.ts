// What two snapshots have in common as far as it is known without reading a byte: whole files, and chunks of the others.
import type { ImageLengths } from '../../core/delta/delta-format.ts'
import type { Anchor, Hint } from '../../core/delta/match.ts'
import type { ChunkId, FileHash } from '../../core/id.ts'
import type { Entry } from '../../core/listing.ts'

/** A chunk of a content, by its place. */
export interface ContentChunk {
  id: ChunkId
  /** First byte in the content. */
  offset: number
  /** Bytes. */
  length: number
}

/** A snapshot as far as it has to be known to be compared. */
export interface Outline {
  lengths: ImageLengths
  entries: readonly Entry[]
  /** Those of the content, in order. */
  chunks: Iterable<ContentChunk> | AsyncIterable<ContentChunk>
}

export interface Common {
  /** In the order of the new image, without overlaps. */
  anchors: Anchor[]
  /** Where files begin that have changed, and where they began in the old image. */
  hints: Hint[]
}

export async function findAnchors(from: Outline, to: Outline): Promise<Common> {
  const bases = { from: contentStart(from.lengths), to: contentStart(to.lengths) }
  const files = commonFiles(from.entries, to.entries)
  const chunks = await commonChunks(from, to, files.anchors)
  const inImage = ({ from: old, to: fresh, ...rest }: Anchor) => ({
    from: old + bases.from,
    to: fresh + bases.to,
    ...rest,
  })
  return {
    anchors: joinAll([...files.anchors, ...chunks].sort((a, b) => a.to - b.to).map(inImage)),
    hints: [
      { from: 0, to: 0 },
      { from: from.lengths.listing, to: to.lengths.listing },
      ...files.hints.map((hint) => ({ from: hint.from + bases.from, to: hint.to + bases.to })),
    ],
  }
}

function contentStart({ listing, times }: ImageLengths): number {
  return listing + times
}

function commonFiles(from: readonly Entry[], to: readonly Entry[]): Common {
  const byHash = new Map<FileHash, number>()
  const byPath = new Map<string, { hash: FileHash; offset: number }>()
  for (const { path, hash, offset } of filesOf(from)) {
    if (!byHash.has(hash)) byHash.set(hash, offset)
    byPath.set(path, { hash, offset })
  }
  const common: Common = { anchors: [], hints: [] }
  for (const { path, hash, size, offset } of filesOf(to)) {
    const samePath = byPath.get(path)
    const same = samePath?.hash === hash ? samePath.offset : byHash.get(hash)
    if (same !== undefined) addAnchor(common.anchors, { from: same, to: offset, length: size })
    else if (samePath) common.hints.push({ from: samePath.offset, to: offset })
  }
  return common
}

function* filesOf(entries: readonly Entry[]) {
  let offset = 0
  for (const entry of entries) {
    if (entry.kind !== 'file' || entry.size === 0) continue
    yield { path: entry.path, hash: entry.hash, size: entry.size, offset }
    offset += entry.size
  }
}

/** Goes on with the last one where it can, because of many small files most stay as they are. */
function addAnchor(anchors: Anchor[], next: Anchor): void {
  const last = anchors.at(-1)
  const goesOn = last && last.to + last.length === next.to && last.from + last.length === next.from
  if (goesOn) last.length += next.length
  else anchors.push({ ...next })
}

function joinAll(anchors: readonly Anchor[]): Anchor[] {
  const joined: Anchor[] = []
  for (const anchor of anchors) addAnchor(joined, anchor)
  return joined
}

/** Chunks of the new content that lie in no common file, where the old one has them too. */
async function commonChunks(from: Outline, to: Outline, files: readonly Anchor[]): Promise<Anchor[]> {
  const wanted: ContentChunk[] = []
  let file = 0
  for await (const chunk of to.chunks) {
    while (file < files.length && files[file]!.to + files[file]!.length <= chunk.offset) file++
    if (file === files.length || files[file]!.to >= chunk.offset + chunk.length) wanted.push({ ...chunk })
  }
  if (wanted.length === 0) return []
  const places = await placesOf(from, new Set(wanted.map(({ id }) => id)))
  return wanted.flatMap(({ id, offset, length }) => {
    const place = places.get(id)
    return place === undefined ? [] : [{ from: place, to: offset, length }]
  })
}

async function placesOf(from: Outline, ids: ReadonlySet<ChunkId>): Promise<Map<ChunkId, number>> {
  const places = new Map<ChunkId, number>()
  for await (const { id, offset } of from.chunks) if (ids.has(id) && !places.has(id)) places.set(id, offset)
  return places
}
