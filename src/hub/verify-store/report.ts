// What a check of a store has found, and whom it touches: block -> snapshots -> tags. Lists are bounded, counts are not.
import type { DatabaseSync } from 'node:sqlite'
import { hintFor } from './hint.ts'
import type { Problem } from './outcome.ts'
import type { VerifyState } from './state.ts'
import { nameOf, type ObjectKind, objectOf } from './store-object.ts'

/** Findings, and names of tags, in a report at most. */
const MAX_LISTED = 1000
/** Snapshots and tags that one finding names at most. */
const MAX_TOUCHED = 20

export interface Tally {
  objects: number
  bytes: number
}

/** Some of the names, and how many there are. */
export interface Named {
  count: number
  names: string[]
}

export interface ReportedFinding {
  key: string
  kind: ObjectKind
  problem: Problem
  reason: string
  /** Snapshots that need the object, or are it: `geo@sha256:…`. */
  snapshots: Named
  /** Tags that need it, or are it: `geo:v1`. */
  tags: Named
  hint: string
}

export interface StoreReport {
  /** True when nothing is damaged or missing. */
  ok: boolean
  /** When the check began, milliseconds since 1970. */
  begun: number
  resumed: boolean
  counts: Record<ObjectKind, Tally>
  /** Sound blocks that no snapshot uses. */
  unusedBlocks: Tally
  /** Objects that no hub has written; not checked. */
  unknown: Tally & { keys: string[] }
  /** How many objects are damaged or missing; `findings` may be fewer. */
  found: number
  findings: ReportedFinding[]
  /** All that need something that is damaged or missing. */
  snapshots: Named
  tags: Named
}

export function reportOf({ database, begun, resumed }: VerifyState): StoreReport {
  const rows = database
    .prepare('SELECT * FROM findings ORDER BY key LIMIT ?')
    .all(MAX_LISTED) as unknown as FindingRow[]
  const keys = database.prepare('SELECT key FROM unknown ORDER BY key').all()
  const found = Number(database.prepare('SELECT count(*) AS n FROM findings').get()!.n)
  return {
    ok: found === 0,
    begun,
    resumed,
    counts: {
      block: tallyOf(database, 'block'),
      snapshot: tallyOf(database, 'snapshot'),
      tag: tallyOf(database, 'tag'),
      'log-entry': tallyOf(database, 'log-entry'),
      delta: tallyOf(database, 'delta'),
      'receipt-key': tallyOf(database, 'receipt-key'),
      staged: tallyOf(database, 'staged'),
    },
    unusedBlocks: tallyOfRow(database.prepare(UNUSED).get()),
    unknown: { ...tallyOf(database, 'unknown'), keys: keys.map(({ key }) => String(key)) },
    found,
    findings: rows.map((row) => reported(database, row)),
    snapshots: named(database, TOUCHED, ['snapshot', 'snapshot'], MAX_LISTED),
    tags: named(database, TOUCHED, ['tag', 'tag'], MAX_LISTED),
  }
}

const UNUSED = 'SELECT count(*) AS objects, coalesce(sum(size), 0) AS bytes FROM blocks WHERE used = 0'

/** Whatever of one kind lacks something or is found damaged or missing itself. */
const TOUCHED = 'SELECT user AS key FROM lacks WHERE userKind = ? UNION SELECT key FROM findings WHERE kind = ?'

/** The same of one finding: itself, what needs it, and what needs that. */
const TOUCHED_BY = `SELECT key FROM findings WHERE key = ? AND kind = ?
  UNION SELECT user FROM lacks WHERE object = ? AND userKind = ?
  UNION SELECT next.user FROM lacks JOIN lacks AS next ON next.object = lacks.user
    WHERE lacks.object = ? AND next.userKind = ?`

interface FindingRow {
  key: string
  kind: ObjectKind
  problem: Problem
  reason: string
}

function reported(database: DatabaseSync, { key, kind, problem, reason }: FindingRow): ReportedFinding {
  const touched = (what: ObjectKind) => named(database, TOUCHED_BY, [key, what, key, what, key, what], MAX_TOUCHED)
  const [snapshots, tags] = [touched('snapshot'), touched('tag')]
  return { key, kind, problem, reason, snapshots, tags, hint: hintFor({ kind, problem, snapshots, tags }) }
}

function named(database: DatabaseSync, select: string, values: string[], max: number): Named {
  const count = database.prepare(`SELECT count(*) AS n FROM (${select})`).get(...values)!.n as number
  const rows = database.prepare(`${select} ORDER BY key LIMIT ${max}`).all(...values)
  return { count, names: rows.map(({ key }) => nameOf(objectOf(String(key))!)) }
}

function tallyOf(database: DatabaseSync, kind: ObjectKind | 'unknown'): Tally {
  return tallyOfRow(database.prepare('SELECT objects, bytes FROM counts WHERE kind = ?').get(kind))
}

function tallyOfRow({ objects = 0, bytes = 0 }: Record<string, unknown> = {}): Tally {
  return { objects: Number(objects), bytes: Number(bytes) }
}
