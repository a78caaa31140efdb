// Bytes that come one after the other and are read by several while they come. Each reader begins at the first byte.
import { createSpool } from '../../dataset/sources/spool.ts'

/** Bytes of it in memory; the rest lies in a temporary file. */
const MEMORY = 1024 * 1024
/** Bytes that a reader gets at once. */
const PIECE = 256 * 1024

export interface GrowingSpool {
  append(bytes: Uint8Array): void
  /** Bytes so far. */
  size(): number
  /** Nothing comes any more; with an error, readers get that behind the last byte. */
  end(failure?: { error: unknown }): void
  /** Keeps the bytes, until `release` was called as often. */
  hold(): void
  release(): void
  /** To be called, and read, by who holds it. */
  read(): AsyncGenerator<Uint8Array>
  /** All of it in memory, when it has ended well. */
  whole(): Uint8Array
}

/** Held once by who makes it. */
export function createGrowingSpool(): GrowingSpool {
  const spool = createSpool({
    memory: MEMORY,
    what: 'a delta',
    hint: 'Set TMPDIR to a folder with more room',
  })
  let ended: { failure?: { error: unknown } } | undefined
  let grown = Promise.withResolvers<void>()
  let holders = 1

  function wake(): void {
    grown.resolve()
    grown = Promise.withResolvers()
  }

  async function* read(): AsyncGenerator<Uint8Array> {
    for (let at = 0; ; ) {
      if (at < spool.end()) {
        const bytes = Uint8Array.from(spool.read(at, Math.min(PIECE, spool.end() - at)))
        at += bytes.length
        yield bytes
      } else if (ended?.failure) throw ended.failure.error
      else if (ended) return
      else await grown.promise
    }
  }

  function whole(): Uint8Array {
    const bytes = new Uint8Array(spool.end())
    for (let at = 0; at < bytes.length; ) {
      const part = spool.read(at, bytes.length - at)
      bytes.set(part, at)
      at += part.length
    }
    return bytes
  }

  return {
    append(bytes) {
      spool.append(bytes)
      wake()
    },
    size: spool.end,
    end(failure) {
      ended = { failure }
      wake()
    },
    hold: () => void holders++,
    release() {
      if (--holders === 0) spool.close()
    },
    read,
    whole,
  }
}
