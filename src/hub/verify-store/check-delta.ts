// Checks a stored delta by itself. It is derived, so it is enough that it is between the snapshots in its name and that its
// bytes are those that were written.
import { createHash } from 'node:crypto'
import { decodeHeader, MAX_HEADER } from '../../core/delta/delta-format.ts'
import { ID_BYTES } from '../../core/id.ts'
import { DELTA_WINDOW } from '../deltas/delta-store.ts'
import { faultyOutcome, type Outcome, soundOutcome } from './outcome.ts'
import { type ReadableStore, readFailure } from './read-object.ts'
import type { StoreObject } from './store-object.ts'

type DeltaObject = Extract<StoreObject, { kind: 'delta' }>

/** Resolves to undefined when there is none. */
export async function checkDelta(
  storage: ReadableStore,
  object: DeltaObject,
  signal?: AbortSignal,
): Promise<Outcome | undefined> {
  try {
    const reason = await faultOf(storage, object, signal)
    return reason === undefined ? soundOutcome(object) : faultyOutcome(object, 'damaged', reason)
  } catch (error) {
    const failure = readFailure(error)
    return failure && faultyOutcome(object, failure.problem, failure.reason)
  }
}

async function faultOf(storage: ReadableStore, object: DeltaObject, signal?: AbortSignal): Promise<string | undefined> {
  const sum = createHash('sha256')
  let held = Buffer.alloc(0) // the last bytes so far, which may be the checksum
  for (let offset = 0; ; offset += DELTA_WINDOW) {
    const { bytes } = await storage.get(object.key, { range: { offset, length: DELTA_WINDOW }, signal })
    if (offset === 0 && !isBetween(bytes, object)) return 'it is no delta between the snapshots in its name'
    const seen = Buffer.concat([held, bytes])
    held = seen.subarray(Math.max(0, seen.length - ID_BYTES))
    sum.update(seen.subarray(0, seen.length - held.length))
    if (bytes.length < DELTA_WINDOW)
      return sum.digest().equals(held) ? undefined : 'its bytes do not match its checksum'
  }
}

function isBetween(bytes: Uint8Array, { from, to }: DeltaObject): boolean {
  try {
    const { header } = decodeHeader(bytes.subarray(0, MAX_HEADER))
    return header.from === from && header.to === to
  } catch {
    return false
  }
}
