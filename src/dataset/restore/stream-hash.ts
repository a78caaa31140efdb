// SHA-256 of bytes that come piece by piece: on the calling thread, or for large files on a thread of its own, because it
// takes longer than anything else that happens to their bytes.
import { createHash, type Hash } from 'node:crypto'
import { createWorkerPool, type WorkerPool, workerModule } from '../worker-pool.ts'

export interface StreamHash {
  /** Takes the next bytes; a promise when there is something to wait for. */
  update(bytes: Uint8Array): Promise<void> | undefined
  /** The hash as hex. Nothing comes after it. */
  digest(): Promise<string> | string
}

export function hashHere(hash: Hash = createHash('sha256')): StreamHash {
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest('hex') }
}

/** Bytes that a hashing thread gets at once. The buffer goes back and forth. */
export interface HashJob {
  bytes: Uint8Array<ArrayBuffer>
  length: number
  last: boolean
}

export interface HashAnswer {
  bytes: Uint8Array<ArrayBuffer>
  /** With the last bytes. */
  digest: string | undefined
}

/** A thread that hashes one stream after the other; it starts with the first. */
export interface HashThread {
  begin(): StreamHash
  close(): Promise<void>
}

/** Bytes of one job, and how many of them are on their way at once. */
const PIECE = 1024 * 1024
const PIECES = 4

export function createHashThread(): HashThread {
  const pool = createWorkerPool<HashJob, HashAnswer>(workerModule('hash-worker', import.meta.url), 1)
  const buffers = Array.from({ length: PIECES }, () => Promise.resolve(new Uint8Array(PIECE)))
  return { begin: () => hashThere(pool, buffers), close: pool.close }
}

/** @param buffers each is there as soon as the thread has given it back; the first one soonest */
function hashThere(pool: WorkerPool<HashJob, HashAnswer>, buffers: Promise<Uint8Array<ArrayBuffer>>[]): StreamHash {
  let bytes: Uint8Array<ArrayBuffer> | undefined
  let filled = 0

  function update(more: Uint8Array): Promise<void> | undefined {
    if (bytes === undefined || filled + more.length > PIECE) return updateSlowly(more)
    bytes.set(more, filled)
    filled += more.length
    return undefined
  }

  async function updateSlowly(more: Uint8Array): Promise<void> {
    for (let done = 0; done < more.length; ) {
      bytes ??= await buffers.shift()!
      const part = more.subarray(done, done + PIECE - filled)
      bytes.set(part, filled)
      filled += part.length
      done += part.length
      if (filled === PIECE) void send(false)
    }
  }

  function send(last: boolean): Promise<HashAnswer> {
    const answer = pool.run({ bytes: bytes!, length: filled, last }, [bytes!.buffer])
    const back = answer.then((result) => result.bytes)
    back.catch(() => {}) // thrown where the buffer is waited for
    buffers.push(back)
    bytes = undefined
    filled = 0
    return answer
  }

  async function digest(): Promise<string> {
    bytes ??= await buffers.shift()!
    return (await send(true)).digest!
  }

  return { update, digest }
}
