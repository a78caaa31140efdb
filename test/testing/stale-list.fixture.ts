// Lists as they were a little while ago: the newest keys are not there yet, and those that were removed last still are.
import { compareBytes } from '../../src/core/path.ts'
import type { ListOptions, ListPage, ObjectInfo } from '../../src/storage/storage.ts'
import type { Random } from './random.fixture.ts'

/** Changes that a list may not know of yet. */
const REMEMBERED = 8

export interface Staleness {
  /** Told of the writing of a key that was free before. */
  watchCreation(put: Promise<ObjectInfo>): Promise<ObjectInfo>
  /** @param info what was there before */
  watchDelete(info: ObjectInfo | undefined, deletion: Promise<void>): Promise<void>
  /** The page without some of the newest keys, and with some that are gone. */
  age(page: ListPage, options: ListOptions, random: Random): ListPage
}

export function createStaleness(): Staleness {
  const created = new Map<string, ObjectInfo>()
  const removed = new Map<string, ObjectInfo>()

  function age(page: ListPage, options: ListOptions, random: Random): ListPage {
    const count = random.int(1, REMEMBERED) // how many of the latest changes are missing
    const unseen = new Set(lastOf(created.keys(), count))
    const stillThere = lastOf(removed.values(), count).filter((info) => lies(info.key, page, options))
    const objects = [...page.objects.filter(({ key }) => !unseen.has(key)), ...stillThere]
    const room = Math.max(0, (options.limit ?? 1000) - page.prefixes.length)
    return { ...page, objects: objects.sort((a, b) => compareBytes(a.key, b.key)).slice(0, room) }
  }

  return {
    age,
    async watchCreation(put) {
      const info = await put
      remember(created, info)
      removed.delete(info.key)
      return info
    },
    async watchDelete(info, deletion) {
      await deletion
      if (info === undefined) return
      remember(removed, info)
      created.delete(info.key)
    },
  }
}

function remember(changes: Map<string, ObjectInfo>, info: ObjectInfo): void {
  changes.delete(info.key) // so that it comes last
  changes.set(info.key, info)
  if (changes.size > REMEMBERED) changes.delete(changes.keys().next().value!)
}

function lastOf<T>(items: Iterable<T>, count: number): T[] {
  return [...items].slice(-count)
}

/** Whether a key belongs on this page, as an object of its own. */
function lies(key: string, page: ListPage, { prefix, delimiter, startAfter }: ListOptions): boolean {
  if (!key.startsWith(prefix) || page.objects.some((info) => info.key === key)) return false
  if (delimiter !== undefined && key.includes(delimiter, prefix.length)) return false
  if (startAfter !== undefined && compareBytes(key, startAfter) <= 0) return false
  return page.next === undefined || compareBytes(key, page.next) <= 0
}
