// A bound on the bytes that are on their way at once, for all readers together. Who comes when there is no room waits in line.

export interface ByteRoom {
  /** Runs `work` when there is room for `bytes`; what is larger than all of the room has it alone. */
  hold<T>(bytes: number, work: () => Promise<T>): Promise<T>
}

export function createByteRoom(total: number): ByteRoom {
  let free = total
  const line: { bytes: number; enter(): void }[] = []

  function admit(): void {
    while (line[0] && line[0].bytes <= free) {
      const { bytes, enter } = line.shift()!
      free -= bytes
      enter()
    }
  }

  async function hold<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    const share = Math.min(bytes, total)
    await new Promise<void>((enter) => {
      line.push({ bytes: share, enter })
      admit()
    })
    try {
      return await work()
    } finally {
      free += share
      admit()
    }
  }

  return { hold }
}
