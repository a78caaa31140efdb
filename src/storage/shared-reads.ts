// Readers that want the same bytes of the same object at the same moment share one read: a fleet that follows a channel
// asks for the same ranges of the same new blocks.
//
// Only for objects that never change. A read of any other must begin after it was asked for, or it may miss what was
// written in between.
import { cancelled, stopIfAborted } from './check-options.ts'
import type { ByteRange, Storage, StoredObject } from './storage.ts'

interface SharedRead {
  answer: Promise<StoredObject>
  /** Who still waits for it. */
  readers: number
  stop: AbortController
}

/** What several readers get are the same bytes in memory: they must leave them as they are. */
export function sharedReads(storage: Storage, neverChanges: (key: string) => boolean): Storage {
  const reads = new Map<string, SharedRead>()

  function begin(name: string, key: string, range: ByteRange | undefined): SharedRead {
    const stop = new AbortController()
    const answer = storage.get(key, { range, signal: stop.signal })
    const read = { answer, readers: 0, stop }
    const end = () => forget(name, read)
    answer.then(end, end)
    reads.set(name, read)
    return read
  }

  /** @returns whether the read was under way until now. */
  function forget(name: string, read: SharedRead): boolean {
    return reads.get(name) === read && reads.delete(name)
  }

  async function join(name: string, read: SharedRead, signal: AbortSignal | undefined): Promise<StoredObject> {
    const gone = Promise.withResolvers<never>()
    const leave = () => gone.reject(cancelled(signal!))
    signal?.addEventListener('abort', leave, { once: true })
    read.readers++
    try {
      const { info, bytes } = await Promise.race([read.answer, gone.promise])
      return { info: { ...info }, bytes }
    } finally {
      signal?.removeEventListener('abort', leave)
      read.readers--
      if (read.readers === 0 && forget(name, read)) read.stop.abort() // who comes now begins anew
    }
  }

  return {
    ...storage,
    async get(key, options = {}) {
      if (!neverChanges(key)) return storage.get(key, options)
      const { range, signal } = options
      stopIfAborted(signal)
      const name = `${range?.offset} ${range?.length} ${key}`
      return join(name, reads.get(name) ?? begin(name, key, range), signal)
    },
  }
}
