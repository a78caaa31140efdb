// Frames that came together and lie in the same memory, which is given back when the last of their users is done. Left to
// the garbage collector, the bytes of a pull pile up, and it goes through the whole heap for every few windows.
import { freeMemory } from '../../core/free-memory.ts'
import type { PlainFrame } from '../block-reader.ts'

export interface SharedFrames {
  frames: Promise<PlainFrame[]>
  /** Says that somebody uses them. */
  hold(): void
  /** Says that this user is done with them. The bytes are gone when nobody holds them any more. */
  letGo(): void
}

export function shareFrames(frames: Promise<PlainFrame[]>): SharedFrames {
  let users = 0

  function letGo(): void {
    users--
    if (users === 0) frames.then(freeAll, () => {}) // a failure is told to those who wait for the frames
  }

  return { frames, hold: () => void users++, letGo }
}

function freeAll(frames: readonly PlainFrame[]): void {
  for (const { bytes } of frames) freeMemory(bytes)
}
