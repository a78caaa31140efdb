// One push of a prepared source to one dataset on one hub. The order of things: docs/architecture.md, "Push".
import { AetherError } from '../../core/errors.ts'
import type { Digest } from '../../core/id.ts'
import type { PushResult } from '../client.ts'
import { keepBase } from './delta/keep-base.ts'
import { openJournal } from './journal.ts'
import { unchangedDigest } from './prepare.ts'
import { checkVersions, readTags } from './present-tags.ts'
import { nothingToDo } from './push-result.ts'
import { type PushDeps, type PushTarget, whereOf } from './push-target.ts'
import { caching, remember } from './remember.ts'

/** @throws {AetherError} `conflict` when a tag is a version with other content, or was moved by somebody else meanwhile. */
export async function pushDataset(target: PushTarget, deps: PushDeps): Promise<PushResult> {
  const present = await readTags(target, deps.options.signal)
  const digest = unchangedDigest(deps.source)
  const pushedBefore = deps.source.last?.pushed[whereOf(target)] === digest
  if (digest && pushedBefore && [...present.values()].every((tag) => tag?.digest === digest)) {
    const warnings = deps.options.dryRun ? [] : await keepAgain(target, deps, digest)
    return { ...nothingToDo(target, deps, digest, present), warnings }
  }
  checkVersions(present, digest)
  const { pushContent } = await import('./push-content.ts') // much of the program, and a push of nothing new does without
  const journal = openJournal(deps.cacheFolder, target.connection.hosts, target.dataset)
  try {
    return await pushContent(target, deps, present, journal)
  } catch (error) {
    // Receipts of an interrupted push may have expired or be from another store: without them all is sent anew.
    if (!(error instanceof AetherError && error.code === 'denied' && journal.resumed())) throw error
    await journal.clear()
    return await pushContent(target, deps, present, journal)
  }
}

/** The last push may have been unable to keep the files. */
async function keepAgain(target: PushTarget, { source, bases }: PushDeps, digest: Digest): Promise<string[]> {
  const { last } = source
  if (!(last && (await keepBase(source, digest, bases)))) return []
  return await caching(() => remember(source, whereOf(target), digest, last.chunks))
}
