// What a look at one object of a store has brought out.
import type { BlockId, Digest } from '../../core/id.ts'
import type { StoreObject } from './store-object.ts'

/**
 * `damaged`: its bytes are not what they have to be. `missing`: another object names it, and it is not there.
 * `unreadable`: the disk does not give its bytes.
 */
export type Problem = 'damaged' | 'missing' | 'unreadable'

export interface Finding {
  object: StoreObject
  problem: Problem
  /** The reason, as it follows a colon. */
  reason: string
}

/** What is remembered of a sound block, to compare records with. */
export interface BlockFacts {
  size: number
  tailSize: number
  tailHash: string
  /** Start of each chunk in the plain bytes; one more entry for their sum. */
  chunkStart: Uint32Array
}

/** What is remembered of a sound log entry, to follow the chains of tags. */
export interface LogFacts {
  tag: string
  from: Digest | null
  to: Digest | null
  whenMicros: number
  previous: string | null
}

export interface Outcome {
  object: StoreObject
  findings: Finding[]
  /** Keys of objects that it needs and that are damaged or missing. */
  lacks: string[]
  block?: BlockFacts
  logEntry?: LogFacts
  /** Blocks that a snapshot names. */
  names?: BlockId[]
}

export function soundOutcome(object: StoreObject): Outcome {
  return { object, findings: [], lacks: [] }
}

export function faultyOutcome(object: StoreObject, problem: Problem, reason: string): Outcome {
  return { object, findings: [{ object, problem, reason }], lacks: [] }
}

/** The reason alone: what is damaged is said beside it. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.replace(/^(?:Block \S+|A block) is damaged: |^The snapshot record is malformed: /, '')
}
