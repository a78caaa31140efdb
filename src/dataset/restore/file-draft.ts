// A file while it is being built. It counts when its SHA-256 is the listed one: of small files that is found out before
// they are written, of large ones while they are. Where it is not, each chunk is checked, wrong ones are replaced, and
// when that does not help either the restore ends.
import { createHash } from 'node:crypto'
import { AetherError } from '../../core/errors.ts'
import { sha256Hex } from '../../core/id.ts'
import type { FileEntry } from '../../core/listing.ts'
import type { Piece } from './fetch-window.ts'
import type { FileThread } from './file-thread.ts'
import { createSink, createThreadSink, type NewFile, openLargeFile, writeSmallFile } from './new-file.ts'
import type { Beginning } from './resume.ts'
import type { SmallBatch } from './small-batch.ts'
import type { Window } from './windows.ts'

/** A part of one piece. The piece itself is kept, because its bytes may be replaced. */
export interface Part {
  piece: Piece
  begin: number
  end: number
}

/** What has to be waited for, if anything: most steps of small files are done when the call returns. */
export type Waiting = Promise<void> | undefined

export interface FileDraft {
  /** Takes the next bytes. */
  add(part: Part): Waiting
  /** From here on the bytes of the parts that were added are not used any more. */
  settle(): Waiting
  /** Checks the bytes and gives the file its mode and time, or leaves that to a batch. @throws {AetherError} `integrity` */
  finish(onDone: () => void): Waiting
  /** Lets go of the file when it was not finished. */
  close(): Waiting
}

/** Checks the bytes of a piece and replaces them when they are wrong. */
export type Mend = (piece: Piece) => Promise<void>

export interface SmallDraftOptions {
  /** Place of the file in the plan. */
  place: number
  entry: FileEntry
  file: NewFile
  mend: Mend
  /** Takes the file when it is complete; without one it is written on the calling thread. */
  batch: SmallBatch | undefined
}

export function draftSmall({ place, entry, file, mend, batch }: SmallDraftOptions): FileDraft {
  const parts: Part[] = []

  function finish(onDone: () => void): Waiting {
    if (batch) batch.add({ place, file, hash: entry.hash, parts })
    else return finishHere(onDone)
  }

  function finishHere(onDone: () => void): Waiting {
    const bytes = join(parts)
    if (sha256Hex(bytes) !== entry.hash) return writeMended(entry, file, parts, mend).then(onDone)
    writeSmallFile(file, bytes)
    onDone()
  }

  /** What is to be written later is kept as a copy. */
  function settle(): undefined {
    for (const { piece } of parts) piece.bytes = Uint8Array.from(piece.bytes)
  }

  return { add: (part) => void parts.push(part), settle, finish, close: () => undefined }
}

/** Writes a small file of which some bytes were wrong. @throws {AetherError} `integrity` */
export async function writeMended(entry: FileEntry, file: NewFile, parts: readonly Part[], mend: Mend): Promise<void> {
  for (const { piece } of parts) await mend(piece)
  const bytes = join(parts)
  if (sha256Hex(bytes) !== entry.hash) throw inconsistent(entry)
  writeSmallFile(file, bytes)
}

function join(parts: readonly Part[]): Uint8Array {
  return parts.length === 1 ? bytesOf(parts[0]!) : Buffer.concat(parts.map(bytesOf))
}

export function bytesOf({ piece, begin, end }: Part): Uint8Array {
  return piece.bytes.subarray(begin, end)
}

export interface LargeDraftOptions {
  entry: FileEntry
  file: NewFile
  /** First byte of the file in the content. */
  start: number
  beginning: Beginning | undefined
  mend: Mend
  /** The chunks of the file, once more. */
  chunks: () => AsyncIterable<Window>
  modeMask: number
  /** What hashes and writes; without one that is done here. A hash that was begun cannot move to it. */
  thread: FileThread | undefined
}

export function draftLarge(options: LargeDraftOptions): FileDraft {
  const { entry, file, start, beginning, mend, chunks, modeMask, thread } = options
  const from = beginning?.length ?? 0
  const large = openLargeFile(file, from, modeMask, (handle) =>
    thread && beginning === undefined
      ? createThreadSink(handle, file.path, thread)
      : createSink(handle, from, beginning?.hash ?? createHash('sha256')),
  )
  let open = true

  async function finish(onDone: () => void): Promise<void> {
    await large.flush()
    if ((await large.digest()) !== entry.hash) await mendOnDisk()
    large.finish()
    await close()
    onDone()
  }

  async function close(): Promise<void> {
    if (!open) return
    open = false
    await large.close()
  }

  async function mendOnDisk(): Promise<void> {
    const again = createHash('sha256')
    for await (const window of chunks()) {
      for (const chunk of window.chunks) {
        const begin = Math.max(0, start - chunk.offset)
        const end = Math.min(chunk.length, start + entry.size - chunk.offset)
        again.update(await mendChunk({ piece: { chunk, window, bytes: EMPTY }, begin, end }))
      }
    }
    if (again.digest('hex') !== entry.hash) throw inconsistent(entry)
  }

  /** Answers the good bytes of the file's part of a chunk. */
  async function mendChunk(part: Part): Promise<Uint8Array> {
    const { piece, begin, end } = part
    const position = piece.chunk.offset + begin - start
    // A chunk that reaches over the file's border cannot be checked by what is on disk; then it counts as wrong.
    const onDisk = await large.read(position, end - begin)
    piece.bytes = onDisk
    await mend(piece)
    const good = piece.bytes === onDisk ? onDisk : bytesOf(part)
    if (good !== onDisk) await large.write(position, good)
    return good
  }

  return { add: (part) => large.add(bytesOf(part)), settle: large.settle, finish, close }
}

const EMPTY = new Uint8Array()

/** Every chunk is what its id says, and yet the file is not what the listing says: no hub can deliver this snapshot. */
function inconsistent({ path, hash }: FileEntry): AetherError {
  return new AetherError(
    'integrity',
    `The chunks of ${JSON.stringify(path)} do not make the file ${hash} of the listing`,
  )
}
