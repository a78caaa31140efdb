// Takes exact numbers of bytes out of a stream that comes in pieces of any length.

export interface ByteQueue {
  /** The next `length` bytes; fewer only where the stream ends. They stay as they are. */
  take(length: number): Promise<Uint8Array>
  /** The same without taking them. */
  peek(length: number): Promise<Uint8Array>
}

export function createByteQueue(stream: AsyncIterable<Uint8Array>): ByteQueue {
  const iterator = stream[Symbol.asyncIterator]()
  let held: Uint8Array[] = []
  let count = 0

  async function fill(length: number): Promise<void> {
    while (count < length) {
      const { value, done } = await iterator.next()
      if (done) return
      if (value.length > 0) held.push(value)
      count += value.length
    }
  }

  async function peek(length: number): Promise<Uint8Array> {
    await fill(length)
    if (held.length > 1 && held[0]!.length < length) held = [Buffer.concat(held)]
    return held[0]?.subarray(0, length) ?? new Uint8Array()
  }

  async function take(length: number): Promise<Uint8Array> {
    const bytes = await peek(length)
    const [first, ...rest] = held
    count -= bytes.length
    held = first === undefined || first.length === bytes.length ? rest : [first.subarray(bytes.length), ...rest]
    return bytes
  }

  return { take, peek }
}
