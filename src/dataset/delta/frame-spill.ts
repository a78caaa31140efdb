// Decoded frames set aside in a temporary file. Where rows were put into a database, its new pages are made of pages from all
// over the old one: without this each of them would be decoded again for a few hundred bytes.
import { createSpool } from '../sources/spool.ts'

export interface FrameSpill extends Disposable {
  /** What cannot be set aside, because there is too much of it or the disk is full, is not there later. */
  put(name: string, bytes: Uint8Array): void
  /** The frame, until the next call; undefined when it is not there. */
  get(name: string): Uint8Array | undefined
}

const MOST_BYTES = 1024 ** 3

/** @param folder for the file. @default that of the system */
export function createFrameSpill({ most = MOST_BYTES, folder }: { most?: number; folder?: string } = {}): FrameSpill {
  const spool = createSpool({ memory: 0, folder })
  const places = new Map<string, { position: number; length: number }>()
  let room = most

  function put(name: string, bytes: Uint8Array): void {
    if (places.has(name) || bytes.length > room) return
    const position = spool.end()
    try {
      spool.append(bytes)
      places.set(name, { position, length: bytes.length })
      room -= bytes.length
    } catch {
      room = 0 // the disk is full; frames are decoded again
    }
  }

  function get(name: string): Uint8Array | undefined {
    const place = places.get(name)
    if (!place) return undefined
    const bytes = spool.read(place.position, place.length)
    return bytes.length === place.length ? bytes : undefined
  }

  return { put, get, [Symbol.dispose]: spool.close }
}
