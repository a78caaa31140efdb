// Checks chunks of a file that lies open on this machine, on the calling thread: mostly a worker's.
import { readSync } from 'node:fs'
import { MAX_CHUNK } from '../../core/chunker.ts'
import { ID_BYTES } from '../../core/id.ts'
import { type FrameCheck, isWhole } from './frame-job.ts'

export interface WholeCheck {
  /** Descriptor of the file. */
  fd: number
  /** Where in it the first chunk begins. */
  offset: number
  check: FrameCheck
}

const room = Buffer.allocUnsafeSlow(MAX_CHUNK)

/** Whether the chunks lie there, one behind the other. */
export function hasChunks({ fd, offset, check: { lengths, ids } }: WholeCheck): boolean {
  let at = offset
  for (let chunk = 0; chunk < lengths.length; chunk++) {
    const length = lengths[chunk]!
    const bytes = room.subarray(0, length)
    const one = {
      lengths: lengths.subarray(chunk, chunk + 1),
      ids: ids.subarray(chunk * ID_BYTES, (chunk + 1) * ID_BYTES),
    }
    if (readSync(fd, bytes, 0, length, at) !== length || !isWhole(bytes, one)) return false
    at += length
  }
  return true
}
