// Bytes and trees for tests that anyone can make again.
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { type FileHash, sha256Hex } from './id.ts'
import type { Entry } from './listing.ts'
import { compareBytes } from './path.ts'

/** Bytes that do not compress: the output of SHAKE-256 for the seed. */
export function sampleBytes(length: number, seed: string): Buffer {
  return length === 0 ? Buffer.alloc(0) : createHash('shake256', { outputLength: length }).update(seed).digest()
}

/** Lines that compress well. */
export function sampleText(length: number, seed: string): Buffer {
  let text = ''
  for (let i = 0; text.length < length; i++) text += `${i},${seed},name ${i % 97},${(i * 7919) % 1000}\n`
  return Buffer.from(text).subarray(0, length)
}

const part = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('a', 'b', 'a.b', 'a-b', 'A', 'data') },
  fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 5 })
    .filter((s) => s !== '.' && s !== '..' && !/[/\0]/.test(s) && s.isWellFormed()),
  fc.constantFrom('a b', 'line\nfeed', 'back\\slash', '\\n', '\uE000', '\u{10000}', '\uFFFD', ' ', '\t'),
)

/** Entries of a listing: any tree of files, empty folders and links. */
export const anyListing: fc.Arbitrary<Entry[]> = fc
  .array(
    fc.record({
      path: fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/')),
      kind: fc.constantFrom('file' as const, 'folder' as const, 'link' as const),
      executable: fc.boolean(),
      size: fc.integer({ min: 0, max: 2 ** 40 }),
      target: part,
    }),
    { maxLength: 20 },
  )
  .map((drafts) => withoutClashes(drafts.map(toEntry)))

function toEntry({
  kind,
  path,
  executable,
  size,
  target,
}: {
  kind: Entry['kind']
  path: string
  executable: boolean
  size: number
  target: string
}): Entry {
  if (kind === 'folder') return { kind, path }
  if (kind === 'link') return { kind, path, target }
  return { kind, path, executable, size, hash: sha256Hex(`${path} ${size}`) as FileHash }
}

function withoutClashes(entries: Entry[]): Entry[] {
  const kept = new Map<string, Entry>()
  for (const entry of entries) {
    const clash = [...kept.keys()].some(
      (path) => path === entry.path || path.startsWith(`${entry.path}/`) || entry.path.startsWith(`${path}/`),
    )
    if (!clash) kept.set(entry.path, entry)
  }
  return [...kept.values()].sort((a, b) => compareBytes(a.path, b.path))
}
