// Bytes from front to back, in the portions that a reader wants.

export interface ByteStream {
  /** Bytes that were read or skipped. */
  position(): number
  /** Exactly `length` bytes, or what is left of the stream when that is less. They stay as they are until the next call. */
  take(length: number): Promise<Buffer>
  /** At least one byte and at most `most`; none at the end of the stream. They stay as they are until the next call. */
  some(most: number): Promise<Buffer>
  /** How many bytes were passed over: fewer than asked for only at the end of the stream. */
  skip(length: number): Promise<number>
  close(): Promise<void>
}

export interface ByteSupply {
  /** The next bytes; undefined at the end. */
  pull(): Promise<Buffer | undefined> | Buffer | undefined
  /** Passes over up to `length` bytes faster than by reading them; returns how many. */
  seek?(length: number): number
  close(): Promise<void>
}

const NOTHING = Buffer.alloc(0)

export function createByteStream(supply: ByteSupply): ByteStream {
  let held: Buffer = NOTHING
  let position = 0

  /** False at the end of the stream. */
  async function fill(): Promise<boolean> {
    while (held.length === 0) {
      const pulled = await supply.pull()
      if (pulled === undefined) return false
      held = pulled
    }
    return true
  }

  function shift(most: number): Buffer {
    const part = held.subarray(0, most)
    held = held.subarray(part.length)
    position += part.length
    return part
  }

  async function some(most: number): Promise<Buffer> {
    return (await fill()) ? shift(most) : NOTHING
  }

  async function take(length: number): Promise<Buffer> {
    if (held.length >= length) return shift(length)
    const parts: Buffer[] = []
    for (let left = length; left > 0; ) {
      // Copied, because the next pull may overwrite what the last one gave.
      const part = Buffer.from(await some(left))
      if (part.length === 0) break
      parts.push(part)
      left -= part.length
    }
    return Buffer.concat(parts)
  }

  async function skip(length: number): Promise<number> {
    let left = length - shift(length).length
    if (left > 0 && supply.seek !== undefined) {
      const passed = supply.seek(left)
      position += passed
      left -= passed
    }
    while (left > 0) {
      const part = await some(left)
      if (part.length === 0) break
      left -= part.length
    }
    return length - left
  }

  return { position: () => position, take, some, skip, close: () => supply.close() }
}
