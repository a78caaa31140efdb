// What is known of a source since it was pushed last: the stamp and hash of each file, and the chunks that they made.
// A private file; when it is missing, old or damaged, everything is read anew.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ChunkId, type Digest, type FileHash, ID_BYTES, idFromBytes, idToBytes, sha256Hex } from '../../core/id.ts'
import { replaceFile } from '../../dataset/replace-file.ts'
import type { SourceEntry } from '../../dataset/source.ts'

/** What one entry was. */
export interface CachedEntry {
  /** Everything that the digest and the listing depend on, but for the bytes. */
  line: string
  stamp: string
  /** Of files; empty for others. */
  hash: string
  size: number
}

export interface CachedPush {
  digest: Digest
  /** By path. */
  entries: Map<string, CachedEntry>
  /** Chunks of the content in order. */
  chunks: { ids: ChunkId[]; lengths: Uint32Array; final: Uint8Array }
  /** For "host/dataset", a digest that is known to be there whole, because this program put or found it there. */
  pushed: Record<string, string>
}

const MAGIC = 'aetherfs stat cache 2'

/** The part of an entry that must be equal for it to count as the same. */
export function cacheLine({ kind, executable, size, target, modifiedMicros }: SourceEntry): string {
  return `${kind} ${executable ? 'x' : '-'} ${size} ${modifiedMicros} ${target.replaceAll('\\', '\\\\').replaceAll('\0', '\\0')}`
}

/** The file for a source: one for each combination of place and filters. */
export function statCachePath(folder: string, key: string): string {
  return join(folder, 'sources', sha256Hex(key))
}

/** Undefined when there is nothing usable. */
export async function readStatCache(path: string): Promise<CachedPush | undefined> {
  try {
    return decode(await readFile(path))
  } catch {
    return undefined // absent, cut short or of another version: the source is read anew
  }
}

export function writeStatCache(path: string, push: CachedPush): Promise<void> {
  return replaceFile(path, encode(push))
}

function encode({ digest, entries, chunks, pushed }: CachedPush): Buffer {
  const fields = [...entries].flatMap(([path, entry]) => [path, entry.line, entry.stamp, entry.hash])
  const text = Buffer.from(fields.join('\0'))
  const head = Buffer.from(
    `${JSON.stringify({ magic: MAGIC, digest, pushed, text: text.length, chunks: chunks.ids.length })}\n`,
  )
  const lengths = Buffer.from(chunks.lengths.buffer, chunks.lengths.byteOffset, chunks.lengths.byteLength)
  const body = Buffer.concat([head, text, ...chunks.ids.map(idToBytes), lengths, chunks.final])
  return Buffer.concat([body, idToBytes(sha256Hex(body))])
}

function decode(bytes: Buffer): CachedPush {
  const body = bytes.subarray(0, -ID_BYTES)
  if (sha256Hex(body) !== bytes.subarray(-ID_BYTES).toString('hex')) throw new Error('damaged')
  const start = body.indexOf(10) + 1
  const head = JSON.parse(body.toString('utf8', 0, start)) as {
    magic: string
    digest: Digest
    pushed: Record<string, string>
    text: number
    chunks: number
  }
  if (head.magic !== MAGIC) throw new Error('another version')
  const ids = start + head.text
  const lengths = ids + head.chunks * ID_BYTES
  const final = lengths + head.chunks * 4
  if (final + head.chunks !== body.length) throw new Error('cut short')
  return {
    digest: head.digest,
    pushed: head.pushed,
    entries: decodeEntries(body.toString('utf8', start, ids)),
    chunks: {
      ids: Array.from({ length: head.chunks }, (_, i) =>
        idFromBytes<ChunkId>(body.subarray(ids + i * ID_BYTES, ids + (i + 1) * ID_BYTES)),
      ),
      lengths: new Uint32Array(Uint8Array.from(body.subarray(lengths, final)).buffer),
      final: Uint8Array.from(body.subarray(final, final + head.chunks)),
    },
  }
}

/** Of an entry. Some may be empty, so that nothing but their number tells entries apart. */
const FIELDS = 4

function decodeEntries(text: string): Map<string, CachedEntry> {
  const entries = new Map<string, CachedEntry>()
  if (text === '') return entries
  const fields = text.split('\0')
  for (let i = 0; i < fields.length; i += FIELDS) {
    const [path = '', line = '', stamp = '', hash = ''] = fields.slice(i, i + FIELDS)
    entries.set(path, { line, stamp, hash, size: Number(line.split(' ', 3)[2]) })
  }
  return entries
}

/** The hash of an entry that did not change, else undefined. */
export function unchangedHash(cached: CachedPush | undefined, entry: SourceEntry): FileHash | undefined {
  const known = cached?.entries.get(entry.path)
  if (!known || entry.stamp === '' || known.stamp !== entry.stamp || known.line !== cacheLine(entry)) return undefined
  return known.hash as FileHash
}
