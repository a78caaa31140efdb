// What every backend asks of its options before it does anything.
import { AetherError } from '../core/errors.ts'
import { checkPrefix } from './check-key.ts'
import type { ByteRange, ListOptions, PutOptions } from './storage.ts'

/** Most that one `get` answers, whole or as a range, in bytes; what is longer is read in ranges. */
export const MAX_READ_BYTES = 64 * 1024 * 1024

/** Most entries of one page of `list`. */
export const MAX_PAGE = 1000

/** @throws {AetherError} `cancelled` when the caller has asked to stop. */
export function stopIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled(signal)
}

export function cancelled(signal: AbortSignal): AetherError {
  return new AetherError('cancelled', 'Cancelled', { cause: signal.reason })
}

/** @throws {AetherError} `invalid` when both conditions are given, `cancelled` */
export function checkPut({ ifAbsent, ifMatch, signal }: PutOptions): void {
  stopIfAborted(signal)
  if (ifAbsent && ifMatch !== undefined) {
    throw new AetherError('invalid', 'Cannot write with both "ifAbsent" and "ifMatch": no object fulfils both')
  }
}

/**
 * The limit of a page.
 * @throws {AetherError} `invalid`, `cancelled`
 */
export function checkList({ prefix, limit = MAX_PAGE, signal }: ListOptions): number {
  stopIfAborted(signal)
  checkPrefix(prefix)
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_PAGE) return limit
  throw new AetherError('invalid', `Cannot list "${limit}" entries: a page has 1 to ${MAX_PAGE}`)
}

/** @throws {AetherError} `invalid` unless it begins at 0 or later and is at least one byte long. */
export function checkRange(range: ByteRange | undefined): void {
  if (range === undefined) return
  const { offset, length } = range
  if (Number.isSafeInteger(offset) && offset >= 0 && Number.isSafeInteger(length) && length >= 1) return
  throw new AetherError('invalid', `Cannot read "${length}" bytes from "${offset}": expected 1 or more from 0 or later`)
}

/**
 * Which bytes a read of an object of `size` bytes answers.
 * @throws {AetherError} `too-large`
 */
export function readSpan(key: string, size: number, range: ByteRange | undefined): ByteRange {
  const offset = Math.min(range?.offset ?? 0, size)
  const length = Math.min(range?.length ?? size, size - offset)
  if (length <= MAX_READ_BYTES) return { offset, length }
  throw new AetherError('too-large', `Cannot read ${length} bytes of "${key}" at once: at most ${MAX_READ_BYTES}`, {
    hint: 'Read it in ranges',
  })
}
