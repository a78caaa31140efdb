// A range of immutable bytes that is read over as many tries as it takes: each goes on where the one before broke off.
import { AetherError } from '../../core/errors.ts'
import { freeIfWhole } from '../../core/free-memory.ts'

export interface GatheredRange {
  /** The `Range` header of what is still missing. */
  header(): string
  /** Whether an answer with this `Content-Range` is what is missing. */
  fits(contentRange: string | undefined): boolean
  /** Takes over the bytes of a part. @throws {AetherError} `integrity` when there is more than was asked for */
  take(part: Uint8Array): void
  /** What has come so far. */
  bytes(): Uint8Array
  /** Whether nothing is missing. */
  isWhole(): boolean
}

/** @param into where the bytes go, if it is large enough */
export function createGatheredRange(
  { offset, length }: { offset: number; length: number },
  into?: Uint8Array,
): GatheredRange {
  let bytes = into !== undefined && into.length >= length ? into : undefined // else not before something comes
  let got = 0

  function take(part: Uint8Array): void {
    if (got + part.length > length)
      throw new AetherError('integrity', `The hub gives more than the ${length} bytes that it was asked for`)
    bytes ??= Buffer.allocUnsafe(length)
    bytes.set(part, got)
    got += part.length
    freeIfWhole(part)
  }

  return {
    header: () => `bytes=${offset + got}-${offset + length - 1}`,
    fits: (contentRange) => contentRange?.startsWith(`bytes ${offset + got}-`) ?? false,
    take,
    bytes: () => bytes?.subarray(0, got) ?? new Uint8Array(),
    isWhole: () => got === length,
  }
}
