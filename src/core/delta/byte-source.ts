// Bytes that are read by range, and a reader that keeps the last few stretches of them: whoever compares two images walks
// through both about in order, and jumps now and then.
import { AetherError } from '../errors.ts'

/** Something of known length that is read by range; nothing of it changes. */
export interface ByteSource {
  length: number
  /**
   * Exactly these bytes, which stay as they are. One read is under way at a time.
   * @param length at least 1; the range lies within
   * @param into where the bytes may go, `length` of them
   */
  read(offset: number, length: number, signal?: AbortSignal, into?: Uint8Array): Promise<Uint8Array>
}

/** Bytes of a stretch, and how many of them are kept. */
export const STRETCH = 128 * 1024
export const STRETCHES = 48

export interface Peeker {
  length: number
  /** The bytes from `offset` to the end of their stretch: at least one. `offset` lies before the end. */
  at(offset: number): Uint8Array | Promise<Uint8Array>
  /** Whether `at` need not read anything for this. */
  has(offset: number): boolean
  /** Exactly these bytes. */
  range(offset: number, length: number): Promise<Uint8Array>
  /** The bytes from `begin` to `end` in order, and no others, without keeping them: each piece is there until the next. */
  walk(begin: number, end: number): AsyncGenerator<{ at: number; bytes: Uint8Array }>
}

export interface PeekerOptions {
  signal?: AbortSignal
  /** Whether bytes may be written over when others are asked for: for those who copy what they get at once. @default false */
  recycle?: boolean
}

export function createPeeker(source: ByteSource, { signal, recycle = false }: PeekerOptions = {}): Peeker {
  const kept = new Map<number, Uint8Array>()
  const own = new WeakSet<ArrayBufferLike>() // a source may as well give a part of something
  let [last, lastNumber] = [new Uint8Array() as Uint8Array, -1]

  function at(offset: number): Uint8Array | Promise<Uint8Array> {
    const number = Math.floor(offset / STRETCH)
    const begin = offset - number * STRETCH
    if (number === lastNumber) return last.subarray(begin)
    const bytes = kept.get(number)
    return bytes === undefined
      ? load(number).then((loaded) => loaded.subarray(begin))
      : use(number, bytes).subarray(begin)
  }

  function use(number: number, bytes: Uint8Array): Uint8Array {
    kept.delete(number) // so that the one that was used last is the last of all
    kept.set(number, bytes)
    lastNumber = number
    last = bytes
    return bytes
  }

  async function load(number: number): Promise<Uint8Array> {
    const offset = number * STRETCH
    const length = Math.min(STRETCH, source.length - offset)
    if (length <= 0) throw new AetherError('internal', 'A read begins behind the end')
    const bytes = await source.read(offset, length, signal, roomFor(length))
    return use(number, bytes)
  }

  /** Forgets the stretch that was used longest ago when there are too many. */
  function roomFor(length: number): Uint8Array | undefined {
    const [number, oldest] = kept.size < STRETCHES ? [] : kept.entries().next().value!
    if (number !== undefined) kept.delete(number)
    if (!recycle) return undefined
    const buffer = oldest && own.has(oldest.buffer) ? oldest.buffer : new ArrayBuffer(STRETCH)
    own.add(buffer)
    return new Uint8Array(buffer, 0, length)
  }

  async function range(offset: number, length: number): Promise<Uint8Array> {
    if (length === 0) return new Uint8Array()
    const waiting = at(offset)
    const first = waiting instanceof Promise ? await waiting : waiting
    if (first.length >= length) return first.subarray(0, length)
    const bytes = new Uint8Array(length)
    bytes.set(first)
    for (let done = first.length; done < length; ) {
      const more = (await at(offset + done)).subarray(0, length - done)
      bytes.set(more, done)
      done += more.length
    }
    return bytes
  }

  async function* walk(begin: number, end: number): AsyncGenerator<{ at: number; bytes: Uint8Array }> {
    const room = new Uint8Array(Math.min(STRETCH, Math.max(0, end - begin)))
    for (let at = begin; at < end; at += STRETCH) {
      const length = Math.min(STRETCH, end - at)
      yield { at, bytes: await source.read(at, length, signal, room.subarray(0, length)) }
    }
  }

  return { length: source.length, at, has: (offset) => kept.has(Math.floor(offset / STRETCH)), range, walk }
}
