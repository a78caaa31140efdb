// A store that is only looked at, whatever its credentials allow.
import { AetherError } from '../core/errors.ts'
import type { Storage } from './storage.ts'

export function readOnlyStorage(storage: Storage): Storage {
  async function refuse(key: string): Promise<never> {
    throw new AetherError('denied', `Cannot change "${key}": the store was opened for reading only`)
  }
  return { ...storage, put: refuse, delete: refuse }
}
