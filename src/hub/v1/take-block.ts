// Takes a block in: cut into parts as it comes, signed, summed up, and held against what was announced.
import { createHash } from 'node:crypto'
import { AetherError } from '../../core/errors.ts'
import { createPace } from '../pace.ts'
import { createSigning, isSignature, type Signature } from './signature.ts'
import { MAX_STAGED, PIECE_BYTES } from './staged-block.ts'
import type { Announced } from './v1-hub.ts'

export interface TakenBlock {
  signature: Signature
  size: number
  /** SHA-256 of each piece, one behind the other. */
  sums: Uint8Array
}

/** @throws {AetherError} before a byte of the body is read */
export function checkAnnounced({ signature, size = 0 }: Announced): void {
  if (size > MAX_STAGED) throw tooLarge()
  if (signature !== undefined && !isSignature(signature))
    throw new AetherError('invalid', `Cannot take "${signature.slice(0, 80)}" as the signature of a block`)
}

/**
 * Hands the body on in parts as long as `buffer`, which they lie in.
 * @throws {AetherError} `integrity` when it is not as announced; `too-large`, `invalid`, `unavailable` when it comes too slowly
 */
export async function takeBlock(
  body: AsyncIterable<Uint8Array>,
  announced: Announced,
  buffer: Uint8Array,
  put: (part: Uint8Array) => Promise<void>,
): Promise<TakenBlock> {
  const checkPace = createPace()
  const summing = createSumming()
  let size = 0
  let filled = 0
  const endPart = async () => {
    const part = buffer.subarray(0, filled)
    summing.take(part)
    await put(part)
    filled = 0
  }

  for await (const bytes of body) {
    size += bytes.length
    checkSize(size, announced)
    for (let rest = bytes; rest.length > 0; ) {
      const taken = rest.subarray(0, buffer.length - filled)
      buffer.set(taken, filled)
      filled += taken.length
      rest = rest.subarray(taken.length)
      if (filled === buffer.length) await endPart()
    }
    checkPace(size)
  }
  if (filled > 0) await endPart()
  return checkWhole({ size, ...summing.finish() }, announced)
}

/** All parts but the last hold whole pieces. */
function createSumming() {
  const signing = createSigning()
  const sums: Buffer[] = []

  function take(part: Uint8Array): void {
    signing.take(part)
    for (let at = 0; at < part.length; at += PIECE_BYTES)
      sums.push(
        createHash('sha256')
          .update(part.subarray(at, at + PIECE_BYTES))
          .digest(),
      )
  }

  return { take, finish: () => ({ signature: signing.finish(), sums: Buffer.concat(sums) }) }
}

function checkSize(size: number, announced: Announced): void {
  if (announced.size !== undefined && size > announced.size) throw otherSize(announced.size)
  if (size > MAX_STAGED) throw tooLarge()
}

function checkWhole(block: TakenBlock, announced: Announced): TakenBlock {
  if (announced.size !== undefined && block.size !== announced.size) throw otherSize(announced.size)
  if (block.size === 0) throw new AetherError('invalid', 'A block without any byte is none')
  if (announced.signature !== undefined && block.signature !== announced.signature)
    throw new AetherError('integrity', `The block has the signature ${block.signature}, not ${announced.signature}`)
  return block
}

function otherSize(announced: number): AetherError {
  return new AetherError('integrity', `The block does not have the ${announced} bytes that were announced`)
}

function tooLarge(): AetherError {
  return new AetherError('too-large', `A block has ${MAX_STAGED} bytes at most`, {
    detail: { max_bytes: String(MAX_STAGED) },
  })
}
