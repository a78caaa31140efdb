// Puts one behaviour around all calls of a storage. The wrappers are made of this: retrying, timed, limited, observed.
import { MAX_READ_BYTES } from './check-options.ts'
import type { ByteRange, Storage } from './storage.ts'

export type Operation = 'get' | 'head' | 'put' | 'list' | 'delete'

/** What is known of a call before it is made. */
export interface StorageCall {
  operation: Operation
  /** Of a list, the prefix. */
  key: string
  /** Bytes that the call moves at most; undefined when only the answer will tell. */
  size: number | undefined
  /** Of a get. */
  range?: ByteRange | undefined
  /** Carried out a second time, it ends in another way than the first: writes with `ifAbsent` or `ifMatch`. */
  conditional: boolean
  signal: AbortSignal | undefined
}

/** Does what there is to do around a call. `perform` makes the call, each time that it is called. */
export type Around = <T>(call: StorageCall, perform: (signal: AbortSignal | undefined) => Promise<T>) => Promise<T>

export function wrapStorage(storage: Storage, around: Around): Storage {
  return {
    get(key, options = {}) {
      const { range, signal } = options
      const size = range && Math.min(range.length, MAX_READ_BYTES)
      return around({ operation: 'get', key, size, range, conditional: false, signal }, (signal) =>
        storage.get(key, { ...options, signal }),
      )
    },
    head(key, { signal } = {}) {
      return around({ operation: 'head', key, size: 0, conditional: false, signal }, (signal) =>
        storage.head(key, { signal }),
      )
    },
    put(key, bytes, options = {}) {
      const { ifAbsent = false, ifMatch, signal } = options
      const conditional = ifAbsent || ifMatch !== undefined
      return around({ operation: 'put', key, size: bytes.length, conditional, signal }, (signal) =>
        storage.put(key, bytes, { ...options, signal }),
      )
    },
    list(options) {
      const { prefix, signal } = options
      return around({ operation: 'list', key: prefix, size: undefined, conditional: false, signal }, (signal) =>
        storage.list({ ...options, signal }),
      )
    },
    delete(key, options = {}) {
      const { ifMatch, signal } = options
      const conditional = ifMatch !== undefined
      return around({ operation: 'delete', key, size: 0, conditional, signal }, (signal) =>
        storage.delete(key, { ...options, signal }),
      )
    },
    close: () => storage.close(),
  }
}

/** What a call is called in messages and log lines. */
export function nameOf({ operation, key }: Pick<StorageCall, 'operation' | 'key'>): string {
  return `${operation} "${key}"`
}
