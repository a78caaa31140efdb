// Checks the files of a new snapshot as their bytes go by. One that is copied whole from a file with the same hash needs no look.
import { createHash, type Hash } from 'node:crypto'
import { lastAtMost } from '../../core/block.ts'
import { malformed } from '../../core/delta/delta-format.ts'
import { sha256Hex } from '../../core/id.ts'
import type { Entry, FileEntry } from '../../core/listing.ts'
import type { Copy } from './piece-cursor.ts'
import type { OpenedSnapshot } from './stored-snapshot.ts'

export interface FileCheck {
  /** Whether a file that lies in the next bytes has to see them. @param copy what is copied there */
  needBytes(length: number, copy: Copy | undefined): boolean
  /** Goes on over bytes that no file needs. */
  pass(length: number, copy: Copy | undefined): void
  /** @throws {AetherError} `integrity` when a file ends that is not what the listing says */
  take(bytes: Uint8Array, copy: Copy | undefined): void
}

export function createFileCheck(old: OpenedSnapshot, entries: readonly Entry[]): FileCheck {
  const { listing, times } = old.image.lengths
  const oldFiles = filesOf(old.entries)
  const oldStart = startsOf(oldFiles)
  const files = filesOf(entries)
  let file = 0
  let done = 0 // bytes of it that have gone by
  let sum: Hash | undefined // while the file is checked

  function isCopied({ size, hash }: FileEntry, copy: Copy | undefined): boolean {
    if (copy === undefined || copy.length < size) return false
    const offset = copy.from - listing - times
    if (offset < 0 || oldFiles.length === 0) return false
    const place = lastAtMost(oldStart, offset)
    const source = oldFiles[place]
    return oldStart[place] === offset && source?.size === size && source.hash === hash
  }

  function needBytes(length: number, copy: Copy | undefined): boolean {
    if (sum !== undefined) return true
    let at = done === 0 ? 0 : files[file]!.size - done
    for (let next = done === 0 ? file : file + 1; at < length; next++) {
      if (!isCopied(files[next]!, behind(copy, at))) return true
      at += files[next]!.size
    }
    return false
  }

  function pass(length: number, copy: Copy | undefined): void {
    go(length, undefined, copy)
  }

  function take(bytes: Uint8Array, copy: Copy | undefined): void {
    go(bytes.length, bytes, copy)
  }

  function go(length: number, bytes: Uint8Array | undefined, copy: Copy | undefined): void {
    for (let at = 0; at < length; ) {
      const { size } = files[file]!
      const part = Math.min(length - at, size - done)
      if (done === 0 && !isCopied(files[file]!, behind(copy, at))) begin(bytes!.subarray(at, at + part))
      else sum?.update(bytes!.subarray(at, at + part))
      done += part
      at += part
      if (done === size) end()
    }
  }

  /** Most files are small, and lie in the bytes as a whole. */
  function begin(bytes: Uint8Array): void {
    if (bytes.length === files[file]!.size) check(sha256Hex(bytes))
    else sum = createHash('sha256').update(bytes)
  }

  function end(): void {
    if (sum) check(sum.digest('hex'))
    sum = undefined
    done = 0
    file++
  }

  function check(hash: string): void {
    if (hash !== files[file]!.hash)
      throw malformed(`${JSON.stringify(files[file]!.path)} has other bytes than its listing says`)
  }

  return { needBytes, pass, take }
}

function behind(copy: Copy | undefined, length: number): Copy | undefined {
  return copy && { from: copy.from + length, length: copy.length - length }
}

function filesOf(entries: readonly Entry[]): FileEntry[] {
  return entries.filter((entry) => entry.kind === 'file').filter(({ size }) => size > 0)
}

function startsOf(files: readonly FileEntry[]): Float64Array {
  const start = new Float64Array(files.length + 1)
  for (const [i, { size }] of files.entries()) start[i + 1] = start[i]! + size
  return start
}
