// The entries of a source, packed into memory that threads share, so that a million of them are there once and are small.
import {
  comparePaths,
  isSettledEntry,
  modifiedAt,
  type PackedBytes,
  packEntry,
  packedBound,
  packedBytes,
  packedSize,
  restampEntry,
  unpackEntry,
} from './packed-entry.ts'
import type { SourceEntry } from './source.ts'

/** Entries lie in slabs of this size, each with its location in front, and begin at whole words of 8 bytes. */
const SLAB_BYTES = 1024 * 1024
const WORD_BYTES = 8
const SLAB_WORDS = SLAB_BYTES / WORD_BYTES
const LOCATION_BYTES = 8

/** A table as it passes between threads. */
export interface SharedEntries {
  slabs: SharedArrayBuffer[]
  /** For each entry the word at which it begins, counted through all slabs. */
  words: Uint32Array
  files: number
}

/** Entries by place, from 0. */
export interface EntryTable extends Iterable<SourceEntry> {
  length: number
  /** How many of them are files. */
  files: number
  at(place: number): SourceEntry
  size(place: number): number
  isSettled(place: number): boolean
  location(place: number): number
  /** Notes that a file has another stamp now, though its bytes are the same. */
  restamp(place: number, stamp: string): void
  sizes(): IteratorObject<number>
  /** Times of modification, in microseconds. */
  times(): IteratorObject<number>
  /** The bytes that an entry is packed in. */
  slab(place: number): PackedBytes
  /** The first of them that is the entry's. */
  offset(place: number): number
  shared: SharedEntries
}

export interface EntryTableBuilder {
  length(): number
  add(entry: SourceEntry): void
  /** The entries as they were added, or in byte order of their paths. */
  finish(order: 'as added' | 'by path'): EntryTable
}

export function createEntryTable(): EntryTableBuilder {
  const slabs: SharedArrayBuffer[] = []
  const packed: PackedBytes[] = []
  let words = new Uint32Array(1024) // doubled whenever it is full
  let length = 0
  let free = SLAB_BYTES // first free byte of the last slab
  let files = 0

  function add(entry: SourceEntry): void {
    if (free + LOCATION_BYTES + packedBound(entry) > SLAB_BYTES) addSlab()
    const slab = packed.at(-1)!
    slab.view.setFloat64(free, entry.location)
    const end = free + LOCATION_BYTES + packEntry(slab, free + LOCATION_BYTES, entry)
    if (length === words.length) words = new Uint32Array(words.buffer.transfer(2 * words.byteLength))
    words[length++] = (packed.length - 1) * SLAB_WORDS + free / WORD_BYTES
    free = Math.ceil(end / WORD_BYTES) * WORD_BYTES
    if (entry.kind === 'file') files++
  }

  function addSlab(): void {
    const slab = new SharedArrayBuffer(SLAB_BYTES)
    slabs.push(slab)
    packed.push(packedBytes(new Uint8Array(slab)))
    free = 0
  }

  function finish(order: 'as added' | 'by path'): EntryTable {
    const shared = new Uint32Array(new SharedArrayBuffer(length * Uint32Array.BYTES_PER_ELEMENT))
    shared.set(words.subarray(0, length))
    if (order === 'by path')
      shared.sort((a, b) => comparePaths(slabOf(packed, a), offsetOf(a), slabOf(packed, b), offsetOf(b)))
    return openEntryTable({ slabs, words: shared, files })
  }

  return { length: () => length, add, finish }
}

/** A table that another thread may have made. */
export function openEntryTable(shared: SharedEntries): EntryTable {
  const { words, files } = shared
  const slabs = shared.slabs.map((slab) => packedBytes(new Uint8Array(slab)))
  const slab = (place: number) => slabOf(slabs, words[place]!)
  const offset = (place: number) => offsetOf(words[place]!)
  const size = (place: number) => packedSize(slab(place), offset(place))
  const isSettled = (place: number) => isSettledEntry(slab(place), offset(place))
  const location = (place: number) => slab(place).view.getFloat64(offset(place) - LOCATION_BYTES)
  const restamp = (place: number, stamp: string) => restampEntry(slab(place), offset(place), stamp)
  const at = (place: number) => unpackEntry(slab(place), offset(place), location(place))

  function* each<T>(read: (place: number) => T): Generator<T> {
    for (let place = 0; place < words.length; place++) yield read(place)
  }

  return {
    length: words.length,
    files,
    at,
    size,
    isSettled,
    location,
    restamp,
    sizes: () => each(size),
    times: () => each((place) => modifiedAt(slab(place), offset(place))),
    slab,
    offset,
    shared,
    [Symbol.iterator]: () => each(at),
  }
}

function slabOf(slabs: PackedBytes[], word: number): PackedBytes {
  return slabs[Math.floor(word / SLAB_WORDS)]!
}

function offsetOf(word: number): number {
  return (word % SLAB_WORDS) * WORD_BYTES + LOCATION_BYTES
}
