// Writes a delta between two images: header, groups, end.
import { createHash } from 'node:crypto'
import { type ByteSource, createPeeker } from './byte-source.ts'
import { type DeltaHeader, type DeltaOp, encodeHeader, MAX_GROUP_DATA } from './delta-format.ts'
import { createGroupWriter } from './group-writer.ts'
import { type Anchor, type Hint, match } from './match.ts'

export interface EncodeInput {
  header: DeltaHeader
  /** The images, as long as the header says. */
  from: ByteSource
  to: ByteSource
  /** What is known to be equal: see `Anchor`. */
  anchors: readonly Anchor[]
  hints: readonly Hint[]
  /** Hears how many bytes of the new image are made by the groups that were given so far. */
  onMade?: (length: number) => void
  signal?: AbortSignal
}

/** The bytes of the delta in pieces. Memory is bounded, whatever the sizes. */
export async function* encodeDelta(input: EncodeInput): AsyncGenerator<Uint8Array> {
  const sum = createHash('sha256')
  for await (const piece of pieces(input)) {
    sum.update(piece)
    yield piece
  }
  yield sum.digest()
}

async function* pieces({ header, anchors, hints, onMade, signal, ...images }: EncodeInput): AsyncGenerator<Uint8Array> {
  const [from, to] = [createPeeker(images.from, { signal }), createPeeker(images.to, { signal })]
  const group = createGroupWriter(from, to)
  yield encodeHeader(header)
  let at = 0
  for await (const op of match({ from, to, anchors, hints })) {
    for (const part of split(op)) {
      const full = await group.add(part)
      yield* full
      if (full.length > 0) onMade?.(at)
      at += part.copyLength + part.dataLength
    }
  }
  yield* await group.finish()
  yield END
}

/** In the place of the length of a group's head. */
const END = Uint8Array.of(0)

/** An operation with more data than a group takes becomes several. */
function* split({ copyFrom, copyLength, dataLength }: DeltaOp): Generator<DeltaOp> {
  const first = Math.min(dataLength, MAX_GROUP_DATA)
  yield { copyFrom, copyLength, dataLength: first }
  for (let done = first; done < dataLength; done += MAX_GROUP_DATA) {
    yield { copyFrom: copyFrom + copyLength, copyLength: 0, dataLength: Math.min(MAX_GROUP_DATA, dataLength - done) }
  }
}
