// What is measured: each scenario is a data set and the tools that work on it in turn.
import type { DataSetName } from './data/data-sets.ts'
import { aetherfs } from './tools/aetherfs.ts'
import { pushAndPull, pushes } from './tools/aetherfs-parts.ts'
import { borg } from './tools/borg.ts'
import { casync } from './tools/casync.ts'
import { cp, find, sha256sum } from './tools/coreutils.ts'
import { deltaCodec } from './tools/delta-codec.ts'
import { chunks, deltas } from './tools/deltas.ts'
import { fsDoor, mountDoor, mountMany, nfsDoor, plainFiles, s3Door, webdavDoor } from './tools/doors.ts'
import { fleet } from './tools/fleet.ts'
import { patchFrom } from './tools/patch-from.ts'
import { restic } from './tools/restic.ts'
import { rsync, rsyncDelta } from './tools/rsync.ts'
import { httpRanges, mountReads } from './tools/small-reads.ts'
import { countSyncs } from './tools/syncs.ts'
import { tarZstd } from './tools/tar-zstd.ts'
import type { Tool } from './tools/tool.ts'

export interface Scenario {
  name: string
  set: DataSetName
  /** Part of the usual size of the data. @default 1 */
  scale?: number
  tools: readonly Tool[]
  /** Which of the measured parts of docs/performance.md it is in. "main" is what runs when nothing is asked for. */
  part: Part
  /** About what data and results take on disk, in bytes. */
  space: number
}

export type Part = 'main' | 'memory' | 'fleet' | 'delta' | 'doors'

const USUAL = [aetherfs, sha256sum, find, cp, rsync, tarZstd, restic]

const DOORS = [fsDoor, webdavDoor, s3Door, nfsDoor, mountDoor, plainFiles]

const UPDATES = [deltas, chunks, rsyncDelta]

export const SCENARIOS: readonly Scenario[] = [
  { name: 'mixed', set: 'mixed', tools: [...USUAL, borg, casync], part: 'main', space: 9e9 },
  { name: 'sqlite-low', set: 'sqlite-low', tools: USUAL, part: 'main', space: 1e9 },
  { name: 'sqlite-high', set: 'sqlite-high', tools: USUAL, part: 'main', space: 1e9 },
  { name: 'text', set: 'text', tools: USUAL, part: 'main', space: 1e9 },
  { name: 'binaries', set: 'binaries', tools: USUAL, part: 'main', space: 1e9 },
  { name: 'files', set: 'files', tools: USUAL, part: 'main', space: 1e9 },
  { name: 'incompressible', set: 'incompressible', tools: [pushes, sha256sum], part: 'main', space: 4e9 },
  { name: 'small-push', set: 'few', tools: [pushes], part: 'main', space: 1e8 },
  { name: 'syncs', set: 'files', tools: [countSyncs], part: 'main', space: 1e9 },
  { name: 'large-file', set: 'large-file', tools: [pushAndPull], part: 'memory', space: 13e9 },
  { name: 'many-files', set: 'many-files', tools: [pushAndPull], part: 'memory', space: 4e9 },
  { name: 'fleet', set: 'mixed', scale: 0.125, tools: [fleet], part: 'fleet', space: 10e9 },
  ...(['sqlite-low', 'sqlite-high', 'text', 'files', 'lmdb', 'one-byte', 'rewritten'] as const).map(
    (set): Scenario => ({ name: `delta-${set}`, set, tools: [...UPDATES, patchFrom], part: 'delta', space: 2e9 }),
  ),
  { name: 'doors-read', set: 'model', tools: DOORS, part: 'doors', space: 6e9 },
  { name: 'doors-read-8', set: 'incompressible', tools: [mountDoor, plainFiles], part: 'doors', space: 6e9 },
  { name: 'doors-list', set: 'files', tools: [mountDoor, plainFiles], part: 'doors', space: 1e9 },
  { name: 'doors-many', set: 'many-files', scale: 0.5, tools: [mountMany], part: 'doors', space: 2e9 },
  { name: 'doors-ranges', set: 'few', tools: [httpRanges], part: 'doors', space: 1e9 },
  { name: 'doors-random', set: 'few', tools: [mountReads], part: 'doors', space: 1e9 },
  // Memory for one file and the other is what zstd would want here.
  { name: 'large-database', set: 'large-database', tools: [...UPDATES, deltaCodec], part: 'delta', space: 12e9 },
]
