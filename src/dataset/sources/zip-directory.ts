// The central directory of a zip archive: what is in it and where. Read by yauzl, whose rules hold for what is well-formed.
import { type Entry, fromRandomAccessReaderPromise, RandomAccessReader, type ZipFile } from 'yauzl'
import { AetherError } from '../../core/errors.ts'
import { type ArchiveFile, brokenArchive } from './archive-file.ts'

const WINDOW_BYTES = 64 * 1024
const ENTRY_SIGNATURE = 0x02014b50

/** Entries in the directory's order. @throws {AetherError} `source` when it is damaged. */
export async function* readZipEntries(archive: ArchiveFile): AsyncGenerator<Entry> {
  try {
    const zip = await fromRandomAccessReaderPromise(new DirectoryReader(archive), archive.size, {
      autoClose: false,
      decodeStrings: false, // so that names which are no text can be named, and the others refused by our own rules
      validateEntrySizes: false, // checked where the entry can be named
    })
    yield* zip.eachEntry()
    checkEnd(archive, zip)
  } catch (cause) {
    if (cause instanceof AetherError) throw cause
    throw brokenArchive(archive.path, lowerFirst(cause instanceof Error ? cause.message : String(cause)), cause)
  }
}

/** Counts of 16 bits wrap around in archives of old programs, and the entries beyond would be lost without a word. */
function checkEnd(archive: ArchiveFile, zip: ZipFile): void {
  const signature = Buffer.alloc(4)
  const position = Number(zip.readEntryCursor)
  if (archive.readAt(signature, 4, position) === 4 && signature.readUInt32LE() === ENTRY_SIGNATURE) {
    throw brokenArchive(archive.path, `it has more entries than the ${zip.entryCount} that it says it has`)
  }
}

/** Gives yauzl its bytes at once and out of one window, where it would wait for the thread pool twice an entry. */
class DirectoryReader extends RandomAccessReader {
  readonly #archive: ArchiveFile
  readonly #window = Buffer.allocUnsafeSlow(WINDOW_BYTES)
  #start = 0
  #length = 0

  constructor(archive: ArchiveFile) {
    super()
    this.#archive = archive
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    const done = this.#readInto(buffer.subarray(offset, offset + length), position)
    callback(done === length ? null : new Error('Its directory is cut short'))
  }

  #readInto(target: Buffer, position: number): number {
    if (target.length > WINDOW_BYTES) return this.#archive.readAt(target, target.length, position)
    if (position < this.#start || position + target.length > this.#start + this.#length) {
      this.#start = position
      this.#length = this.#archive.readAt(this.#window, WINDOW_BYTES, position)
    }
    const from = position - this.#start
    return this.#window.copy(target, 0, from, Math.min(this.#length, from + target.length))
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
