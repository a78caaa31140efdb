// How far the making of a delta is, and when it is seen whether that goes well.
import type { Anchor } from '../../core/delta/match.ts'

/** Part of what is new after which it is seen how well the delta does. */
const TRIAL_PART = 0.1
/** So many bytes of it are needed to tell, and so many are enough. */
const LEAST_TRIAL = 1024 * 1024
const MOST_TRIAL = 32 * 1024 * 1024
/** Part of the cost of the chunks that a delta may come to in the trial. */
export const WORTHWHILE = 0.9

/** How much of what is new has been encoded. */
export function createProgress(length: number, anchors: readonly Anchor[]) {
  const total = length - anchors.reduce((sum, anchor) => sum + anchor.length, 0)
  let next = 0 // the first anchor that is not behind us
  let known = 0 // bytes of those that are
  let fresh = 0

  function reached(made: number): void {
    while (next < anchors.length && anchors[next]!.to + anchors[next]!.length <= made) known += anchors[next++]!.length
    fresh = Math.min(made, anchors[next]?.to ?? made) - known
  }

  return {
    reached,
    part: () => fresh / total,
    isTrialOver: () => fresh >= Math.max(LEAST_TRIAL, Math.min(MOST_TRIAL, total * TRIAL_PART)),
  }
}
