// Where the files of a zip archive lie and how they are packed, for all of them in little memory.
import type { Entry } from 'yauzl'

export const STORED = 0
export const DEFLATED = 8

export interface ZipPlace {
  /** First byte of the header in front of the bytes. */
  header: number
  /** Bytes as packed. */
  packedSize: number
  /** Bytes of the file. */
  size: number
  crc: number
  method: number
}

export interface ZipPlaces {
  /** Returns the place of the entry in the table. */
  add(entry: Entry): number
  at(place: number): ZipPlace
}

const FIELDS = 5

export function createZipPlaces(): ZipPlaces {
  // Five numbers an entry in one array cost a tenth of as many objects, and there may be millions.
  const numbers: number[] = []

  function add(entry: Entry): number {
    const { relativeOffsetOfLocalHeader, compressedSize, uncompressedSize, crc32, compressionMethod } = entry
    numbers.push(relativeOffsetOfLocalHeader, compressedSize, uncompressedSize, crc32, compressionMethod)
    return numbers.length / FIELDS - 1
  }

  function at(place: number): ZipPlace {
    const [header, packedSize, size, crc, method] = numbers.slice(place * FIELDS, (place + 1) * FIELDS)
    return { header: header!, packedSize: packedSize!, size: size!, crc: crc!, method: method! }
  }

  return { add, at }
}
