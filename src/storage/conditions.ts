// The two answers that every backend gives in the same words.
import { AetherError } from '../core/errors.ts'

export function noSuchObject(key: string): AetherError {
  return new AetherError('not-found', `No object "${key}" in the store`)
}

/** `ifAbsent` did not hold. */
export function alreadyThere(key: string): AetherError {
  return new AetherError('conflict', `The object "${key}" is there already`)
}

/** `ifMatch` did not hold. */
export function changedMeanwhile(key: string): AetherError {
  return new AetherError(
    'conflict',
    `The object "${key}" is not the version that was expected: it was changed or removed`,
  )
}
