// The log of a dataset's tags, newest first. An entry counts when it is in the chain that begins at its tag.
import { AetherError } from '../core/errors.ts'
import type { DatasetName, TagName } from '../core/names.ts'
import { mapOrdered } from '../dataset/map-ordered.ts'
import { keys } from '../storage/keys.ts'
import type { Storage } from '../storage/storage.ts'
import type { LogEntry, Page, PageOptions } from './hub.ts'
import type { LogObject, TagStore } from './tag-store.ts'

/** Entries that are read from the store at once. */
const READS_AT_ONCE = 16

export type LogOptions = PageOptions & { tag?: TagName }

export function listLog(
  storage: Storage,
  tags: TagStore,
  dataset: DatasetName,
  options: LogOptions,
): Promise<Page<LogEntry>> {
  const { tag, ...page } = options
  return tag === undefined ? listAll(storage, tags, dataset, page) : listChain(tags, dataset, tag, page)
}

/** The moves of one tag: its chain, from the head or from behind the last entry of the page before. */
async function listChain(
  tags: TagStore,
  dataset: DatasetName,
  tag: TagName,
  { after, limit, signal }: PageOptions,
): Promise<Page<LogEntry>> {
  const items: LogEntry[] = []
  let next = after
    ? (await tags.readLog(dataset, after, signal)).previous
    : ((await tags.read(dataset, tag, signal))?.tag.log ?? null)
  let last = after
  while (next !== null) {
    if (items.length === limit) return { items, next: last }
    const entry = await tags.readLog(dataset, next, signal)
    items.push(publicEntry(entry))
    last = next
    next = entry.previous
  }
  return { items, next: undefined }
}

/**
 * One page of the whole log. Entries of moves that were never committed (their writer lost the race, or died before the tag
 * was written) are passed over: nothing in a chain names them. They may be removed between the list and the look.
 */
async function listAll(
  storage: Storage,
  tags: TagStore,
  dataset: DatasetName,
  { after, limit, signal }: PageOptions,
): Promise<Page<LogEntry>> {
  const chains = createChains(tags, dataset, signal)
  const prefix = keys.log(dataset)
  const items: LogEntry[] = []
  let startAfter = after === undefined ? undefined : prefix + after
  for (;;) {
    const page = await storage.list({ prefix, startAfter, limit, signal })
    const read = async ({ key }: { key: string }) => {
      const id = key.slice(prefix.length)
      return { id, entry: await readIfThere(tags, dataset, id, signal) }
    }
    for await (const { id, entry } of mapOrdered(page.objects, READS_AT_ONCE, read)) {
      if (entry === undefined || !(await chains.takes(id, entry))) continue
      items.push(publicEntry(entry))
      if (items.length === limit) return { items, next: id }
    }
    if (page.next === undefined) return { items, next: undefined }
    startAfter = page.next
  }
}

async function readIfThere(
  tags: TagStore,
  dataset: DatasetName,
  id: string,
  signal?: AbortSignal,
): Promise<LogObject | undefined> {
  try {
    return await tags.readLog(dataset, id, signal)
  } catch (error) {
    if (error instanceof AetherError && error.code === 'not-found') return undefined
    throw error
  }
}

/** For each tag, the entry that must come next when going back in time. */
function createChains(tags: TagStore, dataset: DatasetName, signal?: AbortSignal) {
  const awaited = new Map<string, string | null>()

  async function takes(id: string, entry: LogObject): Promise<boolean> {
    const next = await firstNotBefore(id, entry.tag as TagName)
    awaited.set(entry.tag, next === id ? entry.previous : next)
    return next === id
  }

  /**
   * The entry of the tag's chain that is not newer than `id` and not yet taken. A page may begin in the middle of the
   * chain, and the list may have left an entry out.
   */
  async function firstNotBefore(id: string, tag: TagName): Promise<string | null> {
    const known = awaited.get(tag)
    let next = known !== undefined ? known : ((await tags.read(dataset, tag, signal))?.tag.log ?? null)
    while (next !== null && next < id) next = (await tags.readLog(dataset, next, signal)).previous
    return next
  }

  return { takes }
}

function publicEntry(entry: LogObject): LogEntry {
  return {
    tag: entry.tag as TagName,
    from: entry.from ?? undefined,
    to: entry.to ?? undefined,
    who: entry.who,
    whenMicros: entry.whenMicros,
    reason: entry.reason,
    action: entry.action,
  }
}

/** @throws {AetherError} `invalid` when `token` is none of ours. */
export function checkLogToken(token: string | undefined): void {
  if (token !== undefined && !/^\d{16}-[0-9a-f]{16}$/.test(token))
    throw new AetherError('invalid', 'The page token is not one that this hub gave')
}
