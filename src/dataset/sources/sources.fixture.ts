// What the tests of sources share: temporary folders, trees of files, and reading a source to its end.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { AetherError } from '../../core/errors.ts'
import { type Segment, segmentsOf } from '../../core/segments.ts'
import type { FilterOptions, SegmentReader, Source, SourceEntry, SourceListing } from '../source.ts'

export const TAKE_ALL: FilterOptions = { include: [], exclude: [], skipSpecial: false }
export const SKIP_SPECIAL: FilterOptions = { ...TAKE_ALL, skipSpecial: true }

/** Gone when the test ends. */
export function temporaryFolder(t: TestContext): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'aetherfs-sources-')))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export type Leaf = { text: string | Buffer; executable?: boolean } | { link: string } | { folder: true }
/** Leaves by path; a text alone is a file. */
export type Tree = Record<string, string | Buffer | Leaf>

export function makeTree(root: string, tree: Tree): string {
  mkdirSync(root, { recursive: true })
  for (const [path, leaf] of Object.entries(tree)) makeLeaf(join(root, path), leaf)
  return root
}

function makeLeaf(path: string, leaf: Tree[string]): void {
  mkdirSync(dirname(path), { recursive: true })
  if (typeof leaf === 'string' || Buffer.isBuffer(leaf)) writeFileSync(path, leaf)
  else if ('link' in leaf) symlinkSync(leaf.link, path)
  else if ('folder' in leaf) mkdirSync(path, { recursive: true })
  else {
    writeFileSync(path, leaf.text)
    chmodSync(path, leaf.executable ? 0o755 : 0o644)
  }
}

/** What a digest would see of the entries, but for the bytes. */
export function summary({ entries }: SourceListing) {
  return Array.from(entries, ({ kind, path, size, executable, target }) => ({ kind, path, size, executable, target }))
}

export function paths({ entries }: SourceListing): string[] {
  return Array.from(entries, ({ path }) => path)
}

export function segmentsIn({ entries }: SourceListing): Segment[] {
  return [...segmentsOf(entries.sizes())]
}

/** Readers for all of a listing. */
export function readersOf(source: Source, listing: SourceListing, signal?: AbortSignal): AsyncIterable<SegmentReader> {
  return source.segments(listing.entries, segmentsIn(listing), signal)
}

/** The files of a segment that have bytes. */
export function filesOf({ entries }: SourceListing, { first, end }: Segment): SourceEntry[] {
  return [...entries].slice(first, end).filter(({ size }) => size > 0)
}

/** The bytes of all files that have some, by path. Checks what readers promise on the way. */
export async function readAll(source: Source, listing: SourceListing): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>()
  for await (const reader of readersOf(source, listing)) {
    for (const [path, bytes] of await readSegment(reader, listing)) {
      assert.ok(!found.has(path))
      found.set(path, bytes)
    }
  }
  return found
}

async function readSegment(reader: SegmentReader, listing: SourceListing): Promise<Map<string, Buffer>> {
  const files = filesOf(listing, reader.segment)
  const found = new Map<string, Buffer>()
  let file = 0
  let parts: Buffer[] = []
  for (let piece = await reader.read(); piece !== undefined; piece = await reader.read()) {
    assert.ok(piece.bytes.length > 0)
    parts.push(Buffer.from(piece.bytes))
    const entry = files[file]!
    assert.equal(listing.entries.at(piece.place).path, entry.path)
    const bytes = Buffer.concat(parts)
    assert.equal(piece.last, bytes.length === entry.size)
    if (!piece.last) continue
    found.set(entry.path, bytes)
    parts = []
    file++
  }
  assert.equal(file, files.length)
  return found
}

/** Checks for an AetherError with this code and with these words in its message and hint. */
export function aetherError(code: string, words: RegExp | string) {
  return (error: unknown): true => {
    assert.ok(error instanceof AetherError, `not an AetherError: ${error}`)
    assert.equal(error.code, code, error.message)
    const text = `${error.message}\nhint: ${error.hint ?? ''}`
    if (typeof words === 'string') assert.ok(text.includes(words), text)
    else assert.match(text, words)
    return true
  }
}

export function run(program: string, args: string[], options: { cwd?: string; input?: Buffer } = {}): Buffer {
  return execFileSync(program, args, { ...options, stdio: ['pipe', 'pipe', 'ignore'], maxBuffer: 2 ** 30 })
}

export function hasProgram(name: string): boolean {
  try {
    execFileSync(name, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const made = new Map<string, Buffer>()

/** Bytes that look like chance and are the same every time. Not to be written to. */
export function noise(length: number, seed: number): Buffer {
  const key = `${length} ${seed}`
  const bytes = made.get(key) ?? makeNoise(length, seed)
  made.set(key, bytes)
  return bytes
}

function makeNoise(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length)
  let state = seed + 1
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1103515245) + 12345) | 0
    bytes[i] = state >>> 16
  }
  return bytes
}

/** Hash of each file by path, in the order of paths. */
export function digests(files: Map<string, Buffer>): [path: string, hash: string][] {
  return [...files]
    .map(([path, bytes]): [string, string] => [path, hash('sha256', bytes)])
    .sort((a, b) => (a[0] < b[0] ? -1 : 1))
}
