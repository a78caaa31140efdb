// Reads files out of a plain tar archive, where each lies in one piece.
import type { Source, SourceEntry } from '../source.ts'
import { brokenArchive, openArchive } from './archive-file.ts'
import { quote } from './offences.ts'
import { createRandomSource, type FileBytes } from './segment-reader.ts'

const BUFFER_BYTES = 1024 * 1024

export function openTarSource(path: string): Source {
  const archive = openArchive(path)
  const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES)

  function open(entry: SourceEntry, offset: number): FileBytes {
    let position = entry.location + offset
    archive.expect(entry.stamp)

    function next(left: number): Uint8Array {
      const count = archive.readAt(buffer, Math.min(left, BUFFER_BYTES), position)
      if (count === 0) throw brokenArchive(path, `it ends in the middle of ${quote(entry.path)}`)
      position += count
      return buffer.subarray(0, count)
    }

    return { next, verify: archive.verify, close: () => {} }
  }

  return createRandomSource(open, archive.close)
}
