// The delta between two stored snapshots, and whether it is worth having: a delta that is as long as the chunks that it
// spares its readers is none.
import { imageLength } from '../../core/delta/delta-format.ts'
import { encodeDelta } from '../../core/delta/encode.ts'
import { chunkCost } from './chunk-cost.ts'
import { createProgress, WORTHWHILE } from './encode-progress.ts'
import { findAnchors } from './find-anchors.ts'
import { chunksOfStream, type OpenedSnapshot } from './stored-snapshot.ts'

/** Chunks that cost less than this spare a delta nothing, so it may be as long. */
const LEAST_COST = 4096
export interface DeltaOutput {
  /** Takes the next bytes. */
  write(bytes: Uint8Array): Promise<void>
  /** Called once, when the delta has passed its trial. */
  promising(): Promise<void>
}

/** @returns false when the delta was given up because it is not worth having. @param most bytes at most */
export async function encodeStored(
  from: OpenedSnapshot,
  to: OpenedSnapshot,
  most: number,
  output: DeltaOutput,
): Promise<boolean> {
  const cost = Math.max(LEAST_COST, await chunkCost(from, to))
  const common = await findAnchors(outlineOf(from), outlineOf(to))
  const progress = createProgress(imageLength(to.image.lengths), common.anchors)
  const header = {
    from: from.record.digest,
    to: to.record.digest,
    fromLengths: from.image.lengths,
    toLengths: to.image.lengths,
  }
  const input = { header, from: from.image, to: to.image, ...common, onMade: progress.reached }
  let written = 0
  let onTrial = true
  for await (const piece of encodeDelta(input)) {
    written += piece.length
    if (written > Math.min(cost, most)) return false
    if (onTrial && progress.isTrialOver()) {
      if (cost > LEAST_COST && written > WORTHWHILE * cost * progress.part()) return false
      onTrial = false
      await output.promising()
    }
    await output.write(piece)
  }
  if (onTrial) await output.promising()
  return true
}

function outlineOf(snapshot: OpenedSnapshot) {
  const chunks = { [Symbol.asyncIterator]: () => chunksOfStream(snapshot, snapshot.record.content) }
  return { lengths: snapshot.image.lengths, entries: snapshot.entries, chunks }
}
