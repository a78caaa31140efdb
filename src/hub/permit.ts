// Who may do what. Rules: docs/security.md. Until authentication is configured, everyone who reaches the hub may do everything.
import type { DatasetName, TagName } from '../core/names.ts'
import type { Caller } from './hub.ts'

export type Action = 'pull' | 'push' | 'tag' | 'delete'

export interface Permit {
  /** @throws {AetherError} `not-found` to those who may not pull the dataset, else `denied`. */
  check(caller: Caller, action: Action, dataset: DatasetName, tag?: TagName): void
  /** Whether the caller may know of the dataset. */
  mayPull(caller: Caller, dataset: DatasetName): boolean
}

export const permitAll: Permit = { check: () => {}, mayPull: () => true }
