// A store in memory, for tests and for trying things out. It keeps the same promises, except that nothing outlives it.
import { compareBytes } from '../core/path.ts'
import { checkKey } from './check-key.ts'
import { checkList, checkPut, checkRange, readSpan, stopIfAborted } from './check-options.ts'
import { alreadyThere, changedMeanwhile, noSuchObject } from './conditions.ts'
import type { ListOptions, ListPage, ObjectInfo, PutOptions, Storage, StoredObject } from './storage.ts'
import { type Entry, takePage } from './take-page.ts'

export function createMemoryStorage(): Storage {
  const objects = new Map<string, StoredObject>()
  let writes = 0

  // Each method does its work without waiting in between, which is what makes its conditions hold.
  return {
    async get(key, { range, signal } = {}) {
      check(key, signal)
      checkRange(range)
      const object = objects.get(key)
      if (object === undefined) throw noSuchObject(key)
      const { offset, length } = readSpan(key, object.info.size, range)
      return { info: { ...object.info }, bytes: object.bytes.slice(offset, offset + length) }
    },

    async head(key, { signal } = {}) {
      check(key, signal)
      return copyOf(objects.get(key)?.info)
    },

    async put(key, bytes, options = {}) {
      check(key, options.signal)
      checkPut(options)
      checkConditions(key, objects.get(key)?.info, options)
      const info = { key, size: bytes.length, modified: Date.now(), version: `${++writes}` }
      objects.set(key, { info, bytes: Uint8Array.from(bytes) })
      return { ...info }
    },

    list: async (options) => listObjects(new Map(objects), options), // as they are now: paging waits in between

    async delete(key, { ifMatch, signal } = {}) {
      check(key, signal)
      checkConditions(key, objects.get(key)?.info, { ifMatch })
      objects.delete(key)
    },

    async close() {},
  }
}

function check(key: string, signal: AbortSignal | undefined): void {
  checkKey(key)
  stopIfAborted(signal)
}

function checkConditions(key: string, present: ObjectInfo | undefined, { ifAbsent, ifMatch }: PutOptions): void {
  if (ifAbsent && present !== undefined) throw alreadyThere(key)
  if (ifMatch !== undefined && ifMatch !== present?.version) throw changedMeanwhile(key)
}

async function listObjects(objects: Map<string, StoredObject>, options: ListOptions): Promise<ListPage> {
  const limit = checkList(options)
  const { entries, next } = await takePage(entriesOf([...objects.keys()], options), limit)
  const names = (folded: boolean) => entries.filter((entry) => entry.folded === folded).map((entry) => entry.name)
  const infos = names(false).map((key) => copyOf(objects.get(key)?.info))
  return { objects: infos.filter((info) => info !== undefined), prefixes: names(true), next }
}

function entriesOf(keys: string[], { prefix, delimiter, startAfter }: ListOptions): Entry[] {
  const entries = new Map<string, Entry>()
  for (const key of keys.filter((key) => key.startsWith(prefix))) {
    const cut = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length)
    const name = cut < 0 ? key : key.slice(0, cut + 1)
    entries.set(name, { name, folded: cut >= 0 })
  }
  const after = [...entries.values()].filter(
    ({ name }) => startAfter === undefined || compareBytes(name, startAfter) > 0,
  )
  return after.sort((a, b) => compareBytes(a.name, b.name))
}

function copyOf(info: ObjectInfo | undefined): ObjectInfo | undefined {
  return info && { ...info }
}
