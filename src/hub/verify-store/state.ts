// What a check of a store remembers: how far it has come, the sound blocks and log entries, and what it has found.
import type { DatabaseSync } from 'node:sqlite'
import type { BlockInfo } from '../../core/block.ts'
import { type BlockId, idToBytes } from '../../core/id.ts'
import type { BlockFacts, LogFacts, Outcome } from './outcome.ts'
import type { StateFile } from './state-file.ts'
import type { ObjectKind } from './store-object.ts'

/** First every object in the order of keys; then, once more, what was found, because a store in use changes meanwhile. */
export type Phase = 'all' | 'again'

/** Where the check is: everything up to this key is done. */
export interface Step {
  key: string
  /** Absent for what is looked at again. */
  counted?: { kind: ObjectKind | 'unknown'; bytes: number }
}

export interface VerifyState {
  /** Milliseconds since 1970. */
  readonly begun: number
  /** True when it goes on with a check that was interrupted. */
  readonly resumed: boolean
  /** For reports. */
  readonly database: DatabaseSync
  phase(): Phase
  /** The key behind which to go on; empty at the beginning of a phase. */
  position(): string
  bytesDone(): number
  /** Whether there is a sound block of just these sizes and this tail. */
  hasBlock(block: BlockInfo): boolean
  /** Start of each chunk of a sound block in its plain bytes; one more entry for their sum. */
  chunkStarts(id: BlockId): Uint32Array | undefined
  logEntry(key: string): LogFacts | undefined
  hasSnapshot(key: string): boolean
  /** True when the object, or something that it needs, is damaged or missing. */
  isBad(key: string): boolean
  /** Takes in what a look at an object has brought out, instead of what an earlier look had. */
  put(outcome: Outcome): void
  /** Forgets an object that is gone. */
  forget(key: string): void
  reached(step: Step): void
  /** Begins the second phase. */
  lookAgain(): void
  nextSuspect(): string | undefined
  isProven(recipe: Uint8Array): boolean
  prove(recipe: Uint8Array): void
  close(): void
}

/** Milliseconds after which what was remembered is written: a kill costs that much work. */
const COMMIT_AFTER = 200
/** Keys that no hub has written, and that are remembered for the report. */
const UNKNOWN_KEPT = 100

export function openState({ database, isNew }: StateFile, now: () => number = Date.now): VerifyState {
  const sql = prepareAll(database)
  if (isNew) sql.setMeta.run('begun', String(now()))
  const meta = (name: string) => (sql.meta.get(name) as { value: string } | undefined)?.value
  let began: number | undefined

  /** Many small changes are written together: each by itself would cost more than what it is about. */
  function change(work: () => void): void {
    if (began === undefined) {
      database.exec('BEGIN IMMEDIATE')
      began = performance.now()
    }
    work()
    if (performance.now() - began > COMMIT_AFTER) commit()
  }

  function commit(): void {
    if (began !== undefined) database.exec('COMMIT')
    began = undefined
  }

  function forgetNow(key: string): void {
    for (const statement of sql.forget) statement.run(key)
  }

  function putNow({ object, findings, lacks, block, logEntry, names }: Outcome): void {
    forgetNow(object.key)
    for (const {
      object: { key, kind },
      problem,
      reason,
    } of findings)
      sql.addFinding.run(key, kind, problem, reason)
    for (const lacked of lacks) sql.addLack.run(lacked, object.key, object.kind)
    if (object.kind === 'snapshot') sql.addSnapshot.run(object.key)
    if (object.kind === 'block') putBlock(object.id, block)
    if (logEntry) {
      const { tag, from, to, whenMicros, previous } = logEntry
      sql.addLog.run(object.key, tag, from, to, whenMicros, previous)
    }
    for (const id of names ?? []) sql.useBlock.run(idToBytes(id))
  }

  function putBlock(id: BlockId, facts: BlockFacts | undefined): void {
    if (facts === undefined) sql.dropBlock.run(idToBytes(id))
    else {
      const { buffer, byteOffset, byteLength } = facts.chunkStart
      const starts = Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength)
      sql.addBlock.run(idToBytes(id), facts.size, facts.tailSize, idToBytes(facts.tailHash), starts)
    }
  }

  return {
    begun: Number(meta('begun')),
    resumed: !isNew,
    database,
    phase: () => (meta('phase') as Phase | undefined) ?? 'all',
    position: () => meta('position') ?? '',
    bytesDone: () => Number((sql.bytes.get() as { bytes: number }).bytes),
    hasBlock: ({ id, size, tailSize, tailHash }) =>
      sql.hasBlock.get(idToBytes(id), size, tailSize, idToBytes(tailHash)) !== undefined,
    chunkStarts: (id) => startsOf(sql.chunkStart.get(idToBytes(id))),
    logEntry: (key) => sql.log.get(key) as LogFacts | undefined,
    hasSnapshot: (key) => sql.snapshot.get(key) !== undefined,
    isBad: (key) => sql.bad.get(key, key) !== undefined,
    put: (outcome) => change(() => putNow(outcome)),
    forget: (key) => change(() => forgetNow(key)),
    reached: ({ key, counted }) =>
      change(() => {
        sql.setMeta.run('position', key)
        if (counted) sql.count.run(counted.kind, counted.bytes)
        if (counted?.kind === 'unknown') sql.addUnknown.run(key, UNKNOWN_KEPT)
      }),
    lookAgain: () =>
      change(() => {
        sql.addSuspects.run()
        sql.setMeta.run('phase', 'again')
        sql.setMeta.run('position', '')
      }),
    nextSuspect: () => (sql.suspect.get(meta('position') ?? '') as { key: string } | undefined)?.key,
    isProven: (recipe) => sql.proven.get(recipe) !== undefined,
    prove: (recipe) => change(() => sql.prove.run(recipe)),
    close() {
      commit()
      database.close()
    },
  }
}

function prepareAll(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text)
  return {
    meta: sql('SELECT value FROM meta WHERE name = ?'),
    setMeta: sql('INSERT OR REPLACE INTO meta VALUES (?, ?)'),
    count: sql(`INSERT INTO counts VALUES (?, 1, ?)
      ON CONFLICT DO UPDATE SET objects = objects + 1, bytes = bytes + excluded.bytes`),
    bytes: sql('SELECT coalesce(sum(bytes), 0) AS bytes FROM counts'),
    hasBlock: sql('SELECT 1 FROM blocks WHERE id = ? AND size = ? AND tailSize = ? AND tailHash = ?'),
    chunkStart: sql('SELECT chunkStart FROM blocks WHERE id = ?'),
    addBlock: sql('INSERT OR REPLACE INTO blocks VALUES (?, ?, ?, ?, ?, 0)'),
    dropBlock: sql('DELETE FROM blocks WHERE id = ?'),
    useBlock: sql('UPDATE blocks SET used = 1 WHERE id = ? AND used = 0'),
    log: sql('SELECT tag, "from", "to", whenMicros, previous FROM log WHERE key = ?'),
    addLog: sql('INSERT OR REPLACE INTO log VALUES (?, ?, ?, ?, ?, ?)'),
    snapshot: sql('SELECT 1 FROM snapshots WHERE key = ?'),
    addSnapshot: sql('INSERT OR IGNORE INTO snapshots VALUES (?)'),
    bad: sql('SELECT 1 FROM findings WHERE key = ? UNION ALL SELECT 1 FROM lacks WHERE user = ? LIMIT 1'),
    addFinding: sql('INSERT OR IGNORE INTO findings VALUES (?, ?, ?, ?)'),
    addLack: sql('INSERT OR IGNORE INTO lacks VALUES (?, ?, ?)'),
    addSuspects: sql('INSERT OR IGNORE INTO suspects SELECT key FROM findings UNION SELECT user FROM lacks'),
    suspect: sql('SELECT key FROM suspects WHERE key > ? ORDER BY key LIMIT 1'),
    addUnknown: sql('INSERT OR IGNORE INTO unknown SELECT ? WHERE (SELECT count(*) FROM unknown) < ?'),
    proven: sql('SELECT 1 FROM files WHERE recipe = ?'),
    prove: sql('INSERT OR IGNORE INTO files VALUES (?)'),
    forget: [
      sql('DELETE FROM findings WHERE key = ?'),
      sql('DELETE FROM lacks WHERE user = ?'),
      sql('DELETE FROM snapshots WHERE key = ?'),
      sql('DELETE FROM log WHERE key = ?'),
    ],
  }
}

function startsOf(row: Record<string, unknown> | undefined): Uint32Array | undefined {
  if (row === undefined) return undefined
  const bytes = row.chunkStart as Uint8Array
  return new Uint32Array(bytes.byteOffset === 0 ? bytes.buffer : Uint8Array.from(bytes).buffer)
}
