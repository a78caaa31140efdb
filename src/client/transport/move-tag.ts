// Moves of a tag whose answer may be lost. With where the tag was as its condition, a move may be sent again: the hub answers one
// that was carried out by saying that the tag is there already.
import type { Expected, TagResult } from '../../core/dataset.ts'
import { AetherError } from '../../core/errors.ts'
import type { Digest } from '../../core/id.ts'

export type Place = Digest | 'none'

/** Sends a move under a condition, as often as it takes, and tells each time that it leaves. */
export type SendMove = (from: Place, onSent: () => void) => Promise<TagResult>

/** Looks and moves, as often as others move the tag in between. */
const MAX_TRIES = 20

/** @param look where the tag is; what it is moved from when the caller does not say */
export async function moveTag(expected: Expected, look: () => Promise<Place>, send: SendMove): Promise<TagResult> {
  let from = expected ?? (await look())
  for (let attempt = 1; ; attempt++) {
    let sent = 0
    try {
      return asIfFirst(await send(from, () => sent++), from, sent)
    } catch (error) {
      // After several sends, this move may have been done and then undone by somebody else, and is not to be done again.
      const isOurs = expected === undefined && sent === 1 && attempt < MAX_TRIES
      if (!isOurs || !(error instanceof AetherError && error.code === 'conflict')) throw error
      const now = await look()
      if (now === from) throw error // no condition of ours: a rule is in the way
      from = now
    }
  }
}

/** When the answer was lost and the move sent again, the hub takes what the first one did for the state before. */
export function asIfFirst(result: TagResult, from: Expected, sent: number): TagResult {
  if (sent <= 1 || from === undefined || result.previous !== result.tag.digest) return result
  return { ...result, previous: from === 'none' ? undefined : from }
}
