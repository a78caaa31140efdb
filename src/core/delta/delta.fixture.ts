// Images in memory for the tests of deltas.

import type { Digest } from '../id.ts'
import { sha256Hex } from '../id.ts'
import { openDelta } from './apply.ts'
import type { ByteSource } from './byte-source.ts'
import type { DeltaHeader } from './delta-format.ts'
import { encodeDelta } from './encode.ts'
import type { Anchor, Hint } from './match.ts'

export function sourceOf(bytes: Uint8Array): ByteSource {
  return { length: bytes.length, read: async (offset, length) => bytes.subarray(offset, offset + length) }
}

export function headerOf(from: Uint8Array, to: Uint8Array): DeltaHeader {
  const lengths = (bytes: Uint8Array) => ({ listing: 0, times: 0, content: bytes.length })
  return { ...digestsOf(from, to), fromLengths: lengths(from), toLengths: lengths(to) }
}

function digestsOf(from: Uint8Array, to: Uint8Array) {
  return { from: sha256Hex(from) as Digest, to: sha256Hex(to) as Digest }
}

export interface Known {
  anchors?: Anchor[]
  hints?: Hint[]
}

export async function deltaOf(
  from: Uint8Array,
  to: Uint8Array,
  { anchors = [], hints = [] }: Known = {},
): Promise<Buffer> {
  const images = { from: sourceOf(from), to: sourceOf(to) }
  return Buffer.concat(await Array.fromAsync(encodeDelta({ header: headerOf(from, to), ...images, anchors, hints })))
}

/** @param step bytes of each piece in which the delta arrives */
export async function applied(from: Uint8Array, delta: Uint8Array, step = 1000): Promise<Buffer> {
  const opened = await openDelta(inPieces(delta, step))
  const parts: Uint8Array[] = []
  for await (const piece of opened.pieces(sourceOf(from))) {
    parts.push(
      'bytes' in piece ? Uint8Array.from(piece.bytes) : from.subarray(piece.copyFrom, piece.copyFrom + piece.length),
    )
  }
  return Buffer.concat(parts)
}

export async function* inPieces(bytes: Uint8Array, step: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step)
}
