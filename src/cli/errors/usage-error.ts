// A command line that cannot be carried out as it is written.
import { AetherError } from '../../core/errors.ts'

export function usageError(message: string, hint?: string): AetherError {
  return new AetherError('invalid', message, { hint })
}
