// The hub's answers as messages of dataset_service.proto.
import type { MessageInitShape } from '@bufbuild/protobuf'
import { type Digest, formatDigest } from '../core/id.ts'
import type {
  DeltaSchema,
  EntrySchema,
  LogEntrySchema,
  SnapshotSchema,
  TagSchema,
} from '../gen/aetherfs/v2/dataset_service_pb.ts'
import type { DeltaInfo, LogEntry, SnapshotSummary, TagInfo, TagResult, TimedEntry } from '../hub/hub.ts'

export function tagMessage(tag: TagInfo): MessageInitShape<typeof TagSchema> {
  const { name, digest, version, movedMicros, movedBy } = tag
  return { name, digest: formatDigest(digest), version, movedMicros: BigInt(movedMicros), movedBy }
}

/** Fits every answer that says where a tag was moved to. */
export function tagResultMessage({ tag, previous }: TagResult): {
  tag: MessageInitShape<typeof TagSchema>
  previousDigest: string
} {
  return { tag: tagMessage(tag), previousDigest: optionalDigest(previous) }
}

export function logEntryMessage(entry: LogEntry): MessageInitShape<typeof LogEntrySchema> {
  const { tag, from, to, who, whenMicros, reason, action } = entry
  return {
    tag,
    fromDigest: optionalDigest(from),
    toDigest: optionalDigest(to),
    who,
    whenMicros: BigInt(whenMicros),
    reason,
    action,
  }
}

export function snapshotMessage(snapshot: SnapshotSummary): MessageInitShape<typeof SnapshotSchema> {
  const { digest, size, files, entries, blocks, storedSize, creator, createdMicros, message, labels } = snapshot
  const counts = {
    size: BigInt(size),
    files: BigInt(files),
    entries: BigInt(entries),
    blocks: BigInt(blocks),
    storedSize: BigInt(storedSize),
  }
  const deltas = snapshot.deltas.map(deltaMessage)
  const origin = { creator, createdMicros: BigInt(createdMicros), message, labels }
  return { digest: formatDigest(digest), ...counts, ...origin, deltas }
}

function deltaMessage({ from, to, size }: DeltaInfo): MessageInitShape<typeof DeltaSchema> {
  return { fromDigest: formatDigest(from), toDigest: formatDigest(to), size: BigInt(size) }
}

export function entryMessage(entry: TimedEntry): MessageInitShape<typeof EntrySchema> {
  const { kind, path } = entry
  const modifiedMicros = BigInt(entry.modifiedMicros)
  if (entry.kind === 'file')
    return { kind, path, modifiedMicros, executable: entry.executable, size: BigInt(entry.size), sha256: entry.hash }
  if (entry.kind === 'link') return { kind, path, modifiedMicros, target: entry.target }
  return { kind, path, modifiedMicros }
}

function optionalDigest(digest: Digest | undefined): string {
  return digest === undefined ? '' : formatDigest(digest)
}
