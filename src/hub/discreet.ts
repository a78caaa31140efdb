// Failures of the store, as the hub's rules and its clients may hear of them. What a store says is for its operator: it names
// endpoints, buckets, folders and settings. That stays in `cause`, for the log.
import { AetherError, toAetherError } from '../core/errors.ts'
import type { Storage } from '../storage/storage.ts'
import { wrapStorage } from '../storage/wrap-storage.ts'

/** Errors keep their code and `detail`, as far as the code is about what the hub has asked for and not about the store. */
export function discreet(storage: Storage): Storage {
  return wrapStorage(storage, async (call, perform) => {
    try {
      return await perform(call.signal)
    } catch (error) {
      throw withoutPlaces(toAetherError(error), error)
    }
  })
}

function withoutPlaces(error: AetherError, cause: unknown): AetherError {
  const { code, detail } = error
  if (code === 'unavailable' || code === 'denied')
    return new AetherError('unavailable', "The hub's store does not answer", { cause, detail })
  if (code === 'no-space') return new AetherError('no-space', 'The hub has no space left', { cause })
  // Invalid calls are refused by checks of ours; with a cause it was a service or file system that did so.
  if (code === 'internal' || (code === 'invalid' && error.cause !== undefined))
    return new AetherError('internal', "The hub's store failed", { cause })
  return error
}
