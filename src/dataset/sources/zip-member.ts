// What an entry of a zip archive is, by its name, attributes and times. PKWARE's APPNOTE.TXT, sections 4.4 and 4.5.
import { isUtf8 } from 'node:buffer'
import { constants } from 'node:fs'
import { type Entry, getFileNameLowLevel } from 'yauzl'
import type { Member } from './archive-listing.ts'
import { memberPath } from './member-path.ts'
import { type DecodedName, decodeName, NOT_UTF8 } from './names.ts'
import { specialReason } from './special.ts'
import { DEFLATED, STORED } from './zip-places.ts'

/** Systems whose archives have Unix modes: Unix and Darwin. */
const UNIX_HOSTS = new Set([3, 19])
const DOS_FOLDER = 0x10
const ENCRYPTED = 0x1
const UTF8_NAMES = 0x800
const UNICODE_PATH = 0x7075

/** @param location the place of the entry in the table of places. */
export function toZipMember(entry: Entry, location: number): Member {
  const isUnix = UNIX_HOSTS.has(entry.versionMadeBy >> 8)
  const name = nameOf(entry, isUnix)
  const { path, fault } = isUnix ? memberPath(name.text) : windowsPath(name.text)
  const mode = isUnix ? entry.externalFileAttributes >>> 16 : 0
  const kind = kindOf(entry, isUnix ? name.text : name.text.replaceAll('\\', '/'), mode, isUnix)
  return {
    path: name.valid ? path : name.text,
    kind,
    executable: (mode & 0o100) !== 0,
    size: kind === 'file' ? entry.uncompressedSize : 0,
    target: '',
    modifiedMicros: microsOf(entry),
    location,
    reason:
      (name.valid ? fault : NOT_UTF8) ??
      (kind === 'special' ? specialReason(mode) : undefined) ??
      contentFault(entry, kind) ??
      '',
  }
}

function nameOf(entry: Entry, isUnix: boolean): DecodedName {
  const { fileNameRaw, extraFields, generalPurposeBitFlag } = entry
  if ((generalPurposeBitFlag & UTF8_NAMES) !== 0) return decodeName(fileNameRaw)
  // Programs on Unix write the bytes that they find, mostly UTF-8, without saying so.
  const says = extraFields.some((field) => field.id === UNICODE_PATH)
  if (isUnix && !says && isUtf8(fileNameRaw)) return decodeName(fileNameRaw)
  const text = getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, true)
  return { text, valid: !text.includes('\uFFFD') }
}

/** Some programs on Windows part folders with back-slashes, which no name there can have. */
function windowsPath(written: string): ReturnType<typeof memberPath> {
  if (/^[a-zA-Z]:/.test(written)) return { path: written, fault: 'it is absolute' }
  return memberPath(written.replaceAll('\\', '/'))
}

function kindOf(entry: Entry, name: string, mode: number, isUnix: boolean): Member['kind'] {
  const type = mode & constants.S_IFMT
  if (type === constants.S_IFLNK) return 'link'
  if (type === constants.S_IFDIR || name.endsWith('/')) return 'folder'
  if (!isUnix && (entry.externalFileAttributes & DOS_FOLDER) !== 0) return 'folder'
  // What came to the archiver through a pipe has the mode of the pipe, but it has bytes.
  return specialReason(mode) === undefined || entry.uncompressedSize > 0 ? 'file' : 'special'
}

function microsOf(entry: Entry): number {
  const time = entry.getLastModDate().getTime()
  return Number.isFinite(time) ? time * 1000 : 0
}

const METHODS: Record<number, string | undefined> = { 9: 'Deflate64', 12: 'bzip2', 14: 'LZMA', 93: 'zstd', 95: 'xz' }

/** Why the bytes cannot be taken. */
function contentFault(entry: Entry, kind: Member['kind']): string | undefined {
  const { compressionMethod: method, compressedSize, uncompressedSize } = entry
  if (kind === 'folder') return uncompressedSize > 0 ? 'it is a folder with bytes' : undefined
  if ((entry.generalPurposeBitFlag & ENCRYPTED) !== 0) return 'it is encrypted'
  if (method !== STORED && method !== DEFLATED)
    return `it is packed with ${METHODS[method] ?? `method ${method}`}, not with Deflate`
  if (!Number.isSafeInteger(uncompressedSize) || !Number.isSafeInteger(compressedSize))
    return 'its size is out of range'
  if (method === STORED && compressedSize !== uncompressedSize)
    return 'its two sizes differ, though it is not compressed'
  if (uncompressedSize === 0 && entry.crc32 !== 0) return 'it has no bytes, but the CRC-32 of some'
  return undefined
}
