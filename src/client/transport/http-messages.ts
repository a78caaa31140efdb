// From what a hub sends to the words of src/core/dataset.ts, and back. Answers are not trusted to make sense.

import type {
  DeltaInfo,
  Expected,
  LogEntry,
  Page,
  TagAction,
  TagInfo,
  TagResult,
  TimedEntry,
} from '../../core/dataset.ts'

import { AetherError } from '../../core/errors.ts'
import { type Digest, formatDigest, parseBlockId, parseDigest, parseFileHash, sha256Hex } from '../../core/id.ts'
import type { TagName } from '../../core/names.ts'
import type {
  Delta as DeltaMessage,
  Entry as EntryMessage,
  LogEntry as LogMessage,
  Tag as TagMessage,
} from '../../gen/aetherfs/v2/dataset_service_pb.ts'
import type { DeltaPart, TakenBlock } from '../connection.ts'
import type { HttpAnswer } from './http-call.ts'

export function receiptOf(body: Buffer): string {
  const { receipt } = sensible(() => JSON.parse(body.toString()) as { receipt?: unknown })
  if (typeof receipt !== 'string') throw senseless('no receipt')
  return receipt
}

interface TakenBlockMessage {
  id: string
  size: number
  tailSize: number
  tailSha256: string
  tail: string
  receipt: string
}

/** The answer to a delta. */
export function takenBlocksOf(body: Buffer): TakenBlock[] {
  const { blocks } = sensible(() => JSON.parse(body.toString()) as { blocks?: TakenBlockMessage[] })
  if (!Array.isArray(blocks)) throw senseless('no blocks')
  return blocks.map((block) => sensible(() => takenBlockOf(block)))
}

function takenBlockOf({ id, size, tailSize, tailSha256, tail: base64, receipt }: TakenBlockMessage): TakenBlock {
  const tail = Buffer.from(base64, 'base64')
  if (typeof receipt !== 'string') throw new TypeError('no receipt')
  if (tail.length !== tailSize || sha256Hex(tail) !== tailSha256) throw new RangeError('a tail with another hash')
  return { info: { id: parseBlockId(id), size, tailSize, tailHash: tailSha256 }, tail, receipt }
}

const CONTENT_RANGE = /^bytes (\d{1,15})-\d{1,15}\/(\d{1,15}|\*)$/

/** An answer with a part of a delta, or with all of it. */
export function deltaPartOf({ status, headers, body }: HttpAnswer): DeltaPart {
  if (status !== 206) return { bytes: body, offset: 0, size: body.length }
  const [, offset, size] = CONTENT_RANGE.exec(headers['content-range'] ?? '') ?? []
  if (offset === undefined) throw senseless('a part without its place')
  return { bytes: body, offset: Number(offset), size: size === '*' ? undefined : Number(size) }
}

export function page<T>(items: T[], token: string): Page<T> {
  return { items, next: token || undefined }
}

export function expectedText(expected: Expected): string {
  return expected === undefined ? '' : expected === 'none' ? 'none' : formatDigest(expected)
}

export function tagOf(tag: TagMessage | undefined): TagInfo {
  if (!tag) throw senseless('no tag')
  return {
    name: tag.name as TagName,
    digest: digestOf(tag.digest),
    version: tag.version,
    movedMicros: Number(tag.movedMicros),
    movedBy: tag.movedBy,
  }
}

export function resultOf({ tag, previousDigest }: { tag?: TagMessage; previousDigest: string }): TagResult {
  return { tag: tagOf(tag), previous: optionalDigest(previousDigest) }
}

function optionalDigest(text: string): Digest | undefined {
  return text === '' ? undefined : digestOf(text)
}

export function digestOf(text: string): Digest {
  return sensible(() => parseDigest(text))
}

export function deltaOf({ fromDigest, toDigest, size }: DeltaMessage): DeltaInfo {
  return { from: digestOf(fromDigest), to: digestOf(toDigest), size: Number(size) }
}

export function logOf(entry: LogMessage): LogEntry {
  return {
    tag: entry.tag as TagName,
    from: optionalDigest(entry.fromDigest),
    to: optionalDigest(entry.toDigest),
    who: entry.who,
    whenMicros: Number(entry.whenMicros),
    reason: entry.reason,
    action: entry.action as TagAction,
  }
}

export function entryOf({ path, kind, executable, size, sha256, target, modifiedMicros }: EntryMessage): TimedEntry {
  const micros = Number(modifiedMicros)
  if (kind === 'file')
    return {
      kind,
      path,
      executable,
      size: Number(size),
      hash: sensible(() => parseFileHash(sha256)),
      modifiedMicros: micros,
    }
  if (kind === 'link') return { kind, path, target, modifiedMicros: micros }
  if (kind === 'folder') return { kind, path, modifiedMicros: micros }
  throw senseless(`an entry of the kind "${kind}"`)
}

/** What cannot be read in an answer is the fault of whoever gave it: neither the caller's nor a defect of ours. */
export function sensible<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw senseless(cause instanceof Error ? cause.message : String(cause), cause)
  }
}

export function senseless(what: string, cause?: unknown): AetherError {
  return new AetherError('integrity', `The hub's answer makes no sense: ${what}`, {
    cause,
    hint: 'Is this the address of an AetherFS hub?',
  })
}
