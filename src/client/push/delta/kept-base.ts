// The snapshot that a source was pushed as last, as far as it is kept in the cache: its listing and times, and its files.
//
// Sealed (sealed-file.ts): the length of a head, 32 bits; the head, JSON; of the kept files the hashes, and for each its time and its
// inode, doubles; listing text; times.
import { join } from 'node:path'
import { type Digest, type FileHash, ID_BYTES, idAt } from '../../../core/id.ts'
import { decodeListing, type Entry, type FileEntry } from '../../../core/listing.ts'
import { replaceFile } from '../../../dataset/replace-file.ts'
import { openSealed, type SealedFile, sealed } from '../sealed-file.ts'
import type { KeptStamp } from './kept-files.ts'

export interface KeptBase {
  digest: Digest
  listing: Uint8Array
  times: Uint8Array
  entries: readonly Entry[]
  /** Of the contents that are kept. */
  stamps: ReadonlyMap<FileHash, KeptStamp>
}

/** Bytes of the longest listing that is kept, and of its times: they are in memory while a delta is made. */
export const MAX_BASE_LISTING = 16 * 1024 * 1024

const MAGIC = 'aetherfs base 1'
const MAX_HEAD = 1024

interface Head {
  magic: string
  digest: Digest
  /** Apparent bytes of the kept files. */
  bytes: number
  listing: number
  times: number
  contents: number
}

/** The folder of a source, beside those of others. @param key the name of its stat cache */
export function baseFolder(cacheFolder: string, key: string): string {
  return join(basesFolder(cacheFolder), key)
}

export function basesFolder(cacheFolder: string): string {
  return join(cacheFolder, 'bases')
}

export function filesFolder(folder: string): string {
  return join(folder, 'files')
}

export function manifestPath(folder: string): string {
  return join(folder, 'base')
}

/** One file for each distinct content, in the order of the listing. */
export function distinctFiles(entries: readonly Entry[]): FileEntry[] {
  const files = new Map<FileHash, FileEntry>()
  for (const entry of entries) {
    if (entry.kind === 'file' && entry.size > 0 && !files.has(entry.hash)) files.set(entry.hash, entry)
  }
  return [...files.values()]
}

export async function writeBase(folder: string, { digest, listing, times, entries, stamps }: KeptBase): Promise<void> {
  const kept = distinctFiles(entries).filter(({ hash }) => stamps.has(hash))
  const bytes = kept.reduce((sum, { size }) => sum + size, 0)
  const lengths = { listing: listing.length, times: times.length, contents: kept.length }
  const head = Buffer.from(JSON.stringify({ magic: MAGIC, digest, bytes, ...lengths } satisfies Head))
  const length = new Uint8Array(Uint32Array.of(head.length).buffer)
  await replaceFile(manifestPath(folder), sealed([length, head, ...packStamps(kept, stamps), listing, times]))
}

function packStamps(kept: readonly FileEntry[], stamps: KeptBase['stamps']): Uint8Array[] {
  const hashes = Buffer.alloc(ID_BYTES * kept.length)
  const numbers = new Float64Array(2 * kept.length)
  for (const [i, { hash }] of kept.entries()) {
    const { mtimeMs, ino } = stamps.get(hash)!
    hashes.write(hash, ID_BYTES * i, 'hex')
    numbers.set([mtimeMs, ino], 2 * i)
  }
  return [hashes, new Uint8Array(numbers.buffer)]
}

/** Undefined when there is none that could be used. */
export async function readBase(folder: string): Promise<KeptBase | undefined> {
  try {
    await using file = await openSealed(manifestPath(folder))
    const head = await readHead(file)
    const stamps = await readStamps(file, head)
    const listing = await file.take(head.listing)
    const times = await file.take(head.times)
    if (!(await file.isWhole())) return undefined
    return { digest: head.digest, listing, times, entries: decodeListing(listing), stamps }
  } catch {
    return undefined // absent, damaged or of another version
  }
}

/** Which files were kept, without a look at the rest. */
export async function readContents(folder: string): Promise<KeptBase['stamps'] | undefined> {
  try {
    await using file = await openSealed(manifestPath(folder))
    const stamps = await readStamps(file, await readHead(file))
    await file.take(file.left())
    return (await file.isWhole()) ? stamps : undefined
  } catch {
    return undefined
  }
}

/** What a base is of and how large it is, without a look at the rest. */
export async function readBaseHead(folder: string): Promise<Pick<Head, 'digest' | 'bytes'> | undefined> {
  try {
    await using file = await openSealed(manifestPath(folder))
    return await readHead(file)
  } catch {
    return undefined
  }
}

async function readHead(file: SealedFile): Promise<Head> {
  const [length = 0] = new Uint32Array((await file.take(4)).buffer)
  if (length > MAX_HEAD) throw new RangeError('The head is too long')
  const head = JSON.parse(Buffer.from(await file.take(length)).toString()) as Head
  if (head.magic !== MAGIC) throw new RangeError('Another version')
  if (head.listing > MAX_BASE_LISTING || head.times > MAX_BASE_LISTING) throw new RangeError('Too long')
  return head
}

async function readStamps(file: SealedFile, { contents }: Head): Promise<Map<FileHash, KeptStamp>> {
  const hashes = await file.take(ID_BYTES * contents)
  const numbers = new Float64Array((await file.take(2 * Float64Array.BYTES_PER_ELEMENT * contents)).buffer)
  const stamps = new Map<FileHash, KeptStamp>()
  for (let i = 0; i < contents; i++) stamps.set(idAt(hashes, i), { mtimeMs: numbers[2 * i]!, ino: numbers[2 * i + 1]! })
  return stamps
}
