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
  /** Checks the bytes and gives the file its mode and time. @throws {AetherError} `integrity` */
  finish(): Waiting
  /** Lets go of the file when it was not finished. */
  close(): Waiting
}

/** Checks the bytes of a piece and replaces them when they are wrong. */
export type Mend = (piece: Piece) => Promise<void>

export function draftSmall(entry: FileEntry, file: NewFile, mend: Mend): FileDraft {
  const parts: Part[] = []

  function finish(): Waiting {
    const bytes = join(parts)
    if (sha256Hex(bytes) !== entry.hash) return finishMended()
    writeSmallFile(file, bytes)
    return undefined
  }

  async function finishMended(): Promise<void> {
    for (const { piece } of parts) await mend(piece)
    const bytes = join(parts)
    if (sha256Hex(bytes) !== entry.hash) throw inconsistent(entry)
    writeSmallFile(file, bytes)
  }

  /** What is to be written later is kept as a copy. */
  function settle(): undefined {
    for (const { piece } of parts) piece.bytes = Uint8Array.from(piece.bytes)
  }

  return { add: (part) => void parts.push(part), settle, finish, close: () => undefined }
}

function join(parts: readonly Part[]): Uint8Array {
  return parts.length === 1 ? bytesOf(parts[0]!) : Buffer.concat(parts.map(bytesOf))
}

function bytesOf({ piece, begin, end }: Part): Uint8Array {
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
  /** Hashes and writes, but for files that an earlier run has begun: their hash cannot move to it. */
  thread: FileThread
}

export function draftLarge(options: LargeDraftOptions): FileDraft {
  const { entry, file, start, beginning, mend, chunks, modeMask, thread } = options
  const from = beginning?.length ?? 0
  const large = openLargeFile(file, from, modeMask, (handle) =>
    beginning === undefined && thread.takes(entry.size)
      ? createThreadSink(handle, file.path, thread)
      : createSink(handle, from, beginning?.hash ?? createHash('sha256')),
  )
  let open = true

  async function finish(): Promise<void> {
    await large.flush()
    if ((await large.digest()) !== entry.hash) await mendOnDisk()
    large.finish()
    await close()
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
