// Checks that the chunks of a snapshot make up its files. Snapshots share most of their files, so each file is proven once:
// a recipe says from which chunks which hash comes, and recipes that held are remembered.
import { createHash } from 'node:crypto'
import { lastAtMost } from '../../core/block.ts'
import { AetherError } from '../../core/errors.ts'
import { extentAt } from '../../core/extents.ts'
import { idToBytes, sha256Hex } from '../../core/id.ts'
import type { FileEntry } from '../../core/listing.ts'
import type { SnapshotRecord } from '../../core/record.ts'
import type { BlockReader } from '../../dataset/block-reader.ts'
import { readRange } from '../../dataset/snapshot-reader.ts'
import { readEntries } from './check-listing.ts'
import type { Lookup } from './lookup.ts'
import type { VerifyState } from './state.ts'

interface FilesDeps {
  lookup: Lookup
  reader: BlockReader
  state: VerifyState
  signal?: AbortSignal
}

interface PlacedFile {
  entry: FileEntry
  /** First byte in the content. */
  offset: number
  recipe: Uint8Array
}

/** Files of one run at most. */
const MAX_RUN = 4096
const NO_BYTES = sha256Hex('')

/** @throws {AetherError} `integrity` naming the first file that is not what the listing says. */
export async function checkFiles(record: SnapshotRecord, deps: FilesDeps): Promise<void> {
  const run: PlacedFile[] = [] // neighbours, which are read in one go
  for await (const file of unprovenFiles(record, deps)) {
    const last = run.at(-1)
    if (last && (run.length === MAX_RUN || last.offset + last.entry.size < file.offset)) {
      await proveRun(record, run.splice(0), deps)
    }
    run.push(file)
  }
  await proveRun(record, run, deps)
}

async function* unprovenFiles(record: SnapshotRecord, deps: FilesDeps): AsyncGenerator<PlacedFile> {
  let offset = 0
  for await (const entries of readEntries(record, deps.reader, deps.signal)) {
    for (const entry of entries) {
      if (entry.kind !== 'file') continue
      if (entry.size === 0 && entry.hash !== NO_BYTES) throw notTheFile(entry)
      if (entry.size === 0) continue
      const recipe = await recipeOf(record, entry, offset, deps.lookup)
      if (!deps.state.isProven(recipe)) yield { entry, offset, recipe }
      offset += entry.size
    }
  }
}

/** From which chunks of which blocks the file is made, and what its hash has to be: the same in every snapshot that has it. */
async function recipeOf(record: SnapshotRecord, file: FileEntry, offset: number, lookup: Lookup): Promise<Uint8Array> {
  const { block, first, start } = record.content.extents
  const hash = createHash('sha256').update(`${file.hash} ${file.size}`)
  const end = offset + file.size
  for (let i = extentAt(record.content.extents, offset); i < block.length && start[i]! < end; i++) {
    const { id } = record.blocks[block[i]!]!
    const starts = await lookup.chunkStarts(id)
    if (typeof starts === 'string') throw new AetherError('integrity', `it lacks block ${id}`)
    const base = starts[first[i]!]! - start[i]! // from a place in the content to one in the block
    const from = Math.max(offset, start[i]!) + base
    const to = Math.min(end, start[i + 1]!) + base
    const chunk = lastAtMost(starts, from)
    const last = lastAtMost(starts, to - 1)
    hash.update(idToBytes(id)).update(` ${chunk} ${last} ${from - starts[chunk]!} `)
  }
  return hash.digest()
}

/** Reads files that follow each other in the content, and remembers those that are what they should be. */
async function proveRun(record: SnapshotRecord, files: PlacedFile[], deps: FilesDeps): Promise<void> {
  if (files.length === 0) return
  const [{ offset }, last] = [files[0]!, files.at(-1)!]
  const range = { offset, length: last.offset + last.entry.size - offset }
  let file = 0
  let left = files[0]!.entry.size
  let hash = createHash('sha256')
  for await (const piece of readRange(record, record.content.extents, range, deps.reader, deps.signal)) {
    for (let at = 0; at < piece.length; ) {
      const part = piece.subarray(at, at + left)
      hash.update(part)
      at += part.length
      left -= part.length
      if (left > 0) continue
      prove(files[file]!, hash.digest('hex'), deps.state)
      hash = createHash('sha256')
      left = files[++file]?.entry.size ?? 0
    }
  }
}

function prove({ entry, recipe }: PlacedFile, hash: string, state: VerifyState): void {
  if (hash !== entry.hash) throw notTheFile(entry)
  state.prove(recipe)
}

function notTheFile({ path }: FileEntry): AetherError {
  return new AetherError('integrity', `its chunks do not make up the file ${JSON.stringify(path)}`)
}
