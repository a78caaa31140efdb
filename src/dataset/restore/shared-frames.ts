// Frames that came together and lie in the same memory, which is given back when the last of their users is done. Left to
// the garbage collector, the bytes of a pull pile up, and it goes through the whole heap for every few windows.
import type { PlainFrame } from '../block-reader.ts'

export interface SharedFrames {
  frames: Promise<PlainFrame[]>
  /** Says that somebody uses them. */
  hold(): void
  /** Says that this user is done with them. The bytes are gone when nobody holds them any more. */
  letGo(): void
}

/** @param release gives the memory under the frames back; without it, that is left to the garbage collector */
export function shareFrames(fetched: Promise<{ frames: PlainFrame[]; release?: () => void }>): SharedFrames {
  let users = 0
  const frames = fetched.then((all) => all.frames)
  frames.catch(() => {}) // told to those who wait for the frames

  function letGo(): void {
    users--
    if (users === 0) fetched.then(({ release }) => release?.()).catch(() => {})
  }

  return { frames, hold: () => void users++, letGo }
}
