// Words for files that turn out not to be what the listing says.
import { AetherError } from '../../core/errors.ts'
import { HINT_BUSY, quote } from './offences.ts'

export function changedError(path: string, cause?: unknown): AetherError {
  return new AetherError('source', `${quote(path)} changed while it was read`, { hint: HINT_BUSY, cause })
}
