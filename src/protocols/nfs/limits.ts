// Bounds of the NFS door. Those that tests and operators change are in NfsLimits; the others are told to clients.
import { MAX_PART_BYTES } from '../../core/path.ts'

const KiB = 1024
const MiB = 1024 * KiB

/** Of one READ. */
export const READ_BYTES = MiB
/** Of one page of a folder. */
export const FOLDER_BYTES = 64 * KiB
/** Of one record from a client: a write that will be refused has to fit, so that its client gets to hear it. */
export const RECORD_BYTES = 64 * KiB
/** What a client may send in one WRITE, as it is told. */
export const WRITE_BYTES = 32 * KiB
export const MAX_NAME_BYTES = MAX_PART_BYTES

export interface NfsLimits {
  /** At once; further ones are closed at once. @default 1024 */
  connections: number
  /** Calls of one connection that are answered at once; further ones wait, and so does the client. @default 32 */
  calls: number
  /** Bytes of answers of one connection at once, in the same way. @default 8 MiB */
  connectionBytes: number
  /** Bytes of answers of all connections at once; further calls wait for room. @default 64 MiB */
  bytes: number
  /** Milliseconds for which a call waits for that room before it is told to come back. @default 20_000 */
  wait: number
  /** Milliseconds without the client taking a piece of up to 256 KiB of an answer. @default 60_000 */
  stallTimeout: number
  /** Milliseconds without a call. Clients connect again by themselves. @default 600_000 */
  idleTimeout: number
}

export const DEFAULT_NFS_LIMITS: NfsLimits = {
  connections: 1024,
  calls: 32,
  connectionBytes: 8 * MiB,
  bytes: 64 * MiB,
  wait: 20_000,
  stallTimeout: 60_000,
  idleTimeout: 600_000,
}
