// Where a push goes, and what it has at hand.
import type { DatasetName, TagName } from '../../core/names.ts'
import type { PushOptions } from '../client.ts'
import type { Connection } from '../connection.ts'
import type { TailCache } from '../tail-cache.ts'
import type { Base } from './bases.ts'
import type { Bases } from './delta/keep-base.ts'
import type { PreparedSource } from './prepare.ts'

export interface PushTarget {
  connection: Connection
  dataset: DatasetName
  tags: TagName[]
  /** Snapshots named by the user as bases, on the same hub. */
  bases: Base[]
}

export interface PushDeps {
  source: PreparedSource
  tails: TailCache
  cacheFolder: string
  /** Files of earlier pushes. */
  bases: Bases
  options: PushOptions
}

/** How the stat cache names a target. */
export function whereOf({ connection, dataset }: PushTarget): string {
  return `${connection.hosts}/${dataset}`
}
