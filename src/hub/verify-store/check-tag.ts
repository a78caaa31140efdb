// Checks a tag: it can be read, the snapshot that it points to is there and sound, and its log is a chain to its first move.
import type { Digest } from '../../core/id.ts'
import { parseTag, type TagObject, timeOfLogEntry } from '../tag-store.ts'
import type { Lookup } from './lookup.ts'
import { faultyOutcome, type LogFacts, type Outcome, soundOutcome } from './outcome.ts'
import { logObject, type StoreObject, snapshotObject } from './store-object.ts'

type TagStoreObject = Extract<StoreObject, { kind: 'tag' }>

export async function checkTag(object: TagStoreObject, bytes: Uint8Array, lookup: Lookup): Promise<Outcome> {
  let tag: TagObject
  try {
    tag = parseTag(bytes, object.dataset, object.tag)
  } catch {
    return faultyOutcome(object, 'damaged', 'it cannot be read as a tag')
  }
  if (tag.digest !== null && tag.last !== tag.digest)
    return faultyOutcome(object, 'damaged', 'where it points is not where it pointed last')
  const outcome = soundOutcome(object)
  if (tag.digest !== null) await checkSnapshotOf(outcome, object, tag.digest, lookup)
  await checkChain(outcome, object, tag, lookup)
  return outcome
}

async function checkSnapshotOf(outcome: Outcome, tag: TagStoreObject, digest: Digest, lookup: Lookup): Promise<void> {
  const snapshot = snapshotObject(tag.dataset, digest)
  const state = await lookup.snapshot(snapshot)
  if (state === 'sound') return
  outcome.lacks.push(snapshot.key)
  if (state === 'missing') outcome.findings.push({ object: snapshot, problem: 'missing', reason: 'a tag points to it' })
}

/** What the next entry of a chain has to be, going back in time. */
interface Expected {
  /** Who names the entry. */
  by: StoreObject
  id: string
  to: Digest | null
  whenMicros?: number
  before?: number
}

/** Times only fall along a chain, so that it ends. */
async function checkChain(outcome: Outcome, object: TagStoreObject, tag: TagObject, lookup: Lookup): Promise<void> {
  let next: Expected | undefined = { by: object, id: tag.log, to: tag.digest, whenMicros: tag.movedMicros }
  while (next !== undefined) next = await checkLink(outcome, object, next, lookup)
}

/** @returns what has to come next; undefined at the end of the chain, and where it breaks. */
async function checkLink(
  outcome: Outcome,
  { dataset, tag }: TagStoreObject,
  expected: Expected,
  lookup: Lookup,
): Promise<Expected | undefined> {
  const fault = (reason: string) => {
    outcome.findings.push({ object: expected.by, problem: 'damaged', reason })
    if (expected.by.kind === 'log-entry') outcome.lacks.push(expected.by.key)
    return undefined
  }
  if (timeOfLogEntry(expected.id) === undefined) return fault('what it names as its log entry is none')
  const object = logObject(dataset, expected.id)
  const entry = await lookup.logEntry(object)
  if (typeof entry === 'string') {
    outcome.lacks.push(object.key)
    if (entry === 'missing')
      outcome.findings.push({ object, problem: 'missing', reason: `the log of "${tag}" needs it` })
    return undefined
  }
  const difference = differenceOf(entry, tag, expected)
  if (difference !== undefined) return fault(`the log entry ${expected.id} that it names ${difference}`)
  const { previous, from, whenMicros } = entry
  if (previous !== null) return { by: object, id: previous, to: from, before: whenMicros }
  return from === null ? undefined : fault('a move of this tag came before it, and it names none')
}

function differenceOf(entry: LogFacts, tag: string, expected: Expected): string | undefined {
  if (entry.tag !== tag) return `is of the tag "${entry.tag}"`
  if (entry.to !== expected.to) return 'leads elsewhere'
  if (expected.whenMicros !== undefined && entry.whenMicros !== expected.whenMicros) return 'is of another time'
  if (expected.before !== undefined && entry.whenMicros >= expected.before) return 'is not older'
  return undefined
}
