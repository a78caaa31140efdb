// What S3 answers, as far as the project relies on it: one list of checks for real services and for the in-process S3 of
// the tests, so that the latter stays honest.
import { checksOfConditions } from './checks-of-conditions.ts'
import { checksOfLists } from './checks-of-lists.ts'
import { checksOfObjects } from './checks-of-objects.ts'
import type { Calls, Service } from './s3-calls.ts'

export interface Check {
  name: string
  /** Looks at a place in the bucket that is empty at first. */
  look(calls: Calls, service: Service): Promise<unknown>
  /** What Amazon's documents say, or what follows from them. */
  aws: unknown
  /** Ceph RGW 16.2, where that is not the same. */
  ceph?: unknown
}

export const checks: readonly Check[] = [...checksOfObjects(), ...checksOfConditions(), ...checksOfLists()]
