// Which snapshots a push builds on.
import { AetherError } from '../../core/errors.ts'
import type { Digest } from '../../core/id.ts'
import type { KnownChunks } from '../../dataset/known-chunks.ts'
import { addBase, type Base, type OpenBase, openBase } from './bases.ts'
import { unchangedDigest } from './prepare.ts'
import type { PresentTags } from './present-tags.ts'
import type { PushDeps, PushTarget } from './push-target.ts'

/** Snapshots whose chunks need not be sent: what the tags point to, the dataset's newest, those named, and the same digest. */
export async function openBases(
  target: PushTarget,
  { source, tails, options }: PushDeps,
  present: PresentTags,
  known: KnownChunks,
): Promise<OpenBase[]> {
  const { connection, dataset } = target
  const { signal } = options
  const digests = new Set(
    [...presentDigests(present), await newest(target, signal), unchangedDigest(source)].filter((d) => d !== undefined),
  )
  const wanted: Base[] = [...[...digests].map((digest) => ({ dataset, digest })), ...target.bases]
  const opened = (await Promise.all(wanted.map((base) => openBase(connection, base, tails, signal)))).filter(
    (base) => base !== undefined,
  )
  for (const base of opened) await addBase(known, base, signal)
  return opened
}

function presentDigests(present: PresentTags): (Digest | undefined)[] {
  return [...present.values()].map((tag) => tag?.digest)
}

/** Moves of the log that are looked at for a snapshot: the newest may be removals. */
const RECENT_MOVES = 10

/** What a tag of the dataset was pointed to last. A log that is damaged only costs bytes here, and a push not its success. */
async function newest({ connection, dataset }: PushTarget, signal?: AbortSignal): Promise<Digest | undefined> {
  try {
    const { items } = await connection.listLog(dataset, { limit: RECENT_MOVES, signal })
    return items.find(({ to }) => to !== undefined)?.to
  } catch (error) {
    if (error instanceof AetherError && ['integrity', 'not-found'].includes(error.code)) return undefined
    throw error
  }
}
