// What a push tells of itself, while it runs and in the end.
import type { TagResult } from '../../core/dataset.ts'
import type { Digest } from '../../core/id.ts'
import type { PreparedSource } from './prepare.ts'
import type { PresentTags } from './present-tags.ts'
import type { PushDeps, PushTarget } from './push-target.ts'

export function reportRead({ dataset }: PushTarget, { source, options }: PushDeps) {
  const totalBytes = bytesOf(source)
  return (readBytes: number, unreadBytes: number) => {
    const bytes = readBytes + unreadBytes
    options.onProgress?.({
      subject: dataset,
      phase: 'read',
      bytes,
      totalBytes,
      reusedBytes: unreadBytes,
      done: bytes === totalBytes,
    })
  }
}

function bytesOf({ entries }: PreparedSource): number {
  return entries.sizes().reduce((sum, size) => sum + size, 0)
}

export function summary({ connection, dataset }: PushTarget, { source, options }: PushDeps, digest: Digest) {
  return {
    host: connection.host,
    dataset,
    digest,
    files: source.entries.files,
    bytes: bytesOf(source),
    skipped: source.skipped,
    dryRun: options.dryRun ?? false,
  }
}

/** What went through and yet may not be what was meant. */
export function odditiesOf({ source, options }: PushDeps, existed: boolean): string[] {
  const found: string[] = []
  if (source.entries.length === 0) found.push('The source is empty, and so is the snapshot that was pushed')
  if (existed && (options.message || Object.keys(options.labels ?? {}).length > 0)) {
    found.push(
      'The dataset had this snapshot already: it keeps its first message and labels; the message is in the log of the tags',
    )
  }
  return found
}

export function nothingToDo(target: PushTarget, deps: PushDeps, digest: Digest, present: PresentTags) {
  const tags: TagResult[] = [...present.values()]
    .filter((tag) => tag !== undefined)
    .map((tag) => ({ tag, previous: digest }))
  return {
    ...summary(target, deps, digest),
    tags,
    newBytes: 0,
    sentBytes: 0,
    deltaBytes: 0,
    blocks: 0,
    unreadBytes: bytesOf(deps.source),
    existed: true,
  }
}
