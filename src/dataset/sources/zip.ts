// A zip archive as a source: listed by its directory, read file by file in the order of the listing.
import { isUtf8 } from 'node:buffer'
import { MAX_TARGET_BYTES } from '../../core/path.ts'
import type { FilterOptions, Source, SourceEntry, SourceListing } from '../source.ts'
import { type ArchiveFile, brokenArchive, openArchive } from './archive-file.ts'
import { type ArchiveLimits, createLimitCheck, ignoreFolder, listMembers, type Member } from './archive-listing.ts'
import { MAX_IGNORE_FILE } from './filter.ts'
import { TARGET_NOT_UTF8 } from './names.ts'
import { quote } from './offences.ts'
import { createRandomSource, type FileBytes } from './segment-reader.ts'
import { openZipContent, readSmall } from './zip-content.ts'
import { readZipEntries } from './zip-directory.ts'
import { toZipMember } from './zip-member.ts'
import { createZipPlaces, type ZipPlaces } from './zip-places.ts'

const HEADER_BYTES = 30
const BUFFER_BYTES = 1024 * 1024

export interface ListZipOptions {
  filter: FilterOptions
  limits?: ArchiveLimits
  signal?: AbortSignal
}

/** @throws {AetherError} `source` for an archive that is damaged or holds what cannot be pushed, `too-large` beyond a limit. */
export async function listZip(path: string, options: ListZipOptions): Promise<SourceListing> {
  const archive = openArchive(path)
  try {
    const limits = createLimitCheck(archive, options.limits ?? {})
    const members: Member[] = []
    const places = createZipPlaces()
    for await (const entry of readZipEntries(archive)) {
      options.signal?.throwIfAborted()
      limits.member()
      members.push(toZipMember(entry, places.add(entry)))
    }
    checkOverlap(archive, members, places)
    const ignoreTexts = readTexts(archive, members, places)
    archive.verify()
    return listMembers({ archive, members, ignoreTexts, limits }, options.filter)
  } finally {
    archive.close()
  }
}

/** Entries that share bytes are how a small archive unpacks to more than any disk holds. */
function checkOverlap(archive: ArchiveFile, members: Member[], places: ZipPlaces): void {
  const order = members.toSorted((a, b) => places.at(a.location).header - places.at(b.location).header)
  let end = 0
  let before: Member | undefined
  for (const member of order) {
    const { header, packedSize } = places.at(member.location)
    if (before !== undefined && header < end) {
      throw brokenArchive(archive.path, `${quote(before.path)} and ${quote(member.path)} overlap in it`)
    }
    end = header + HEADER_BYTES + packedSize
    before = member
  }
}

/** Reads the targets of links into their members; returns the texts of ignore files. */
function readTexts(archive: ArchiveFile, members: Member[], places: ZipPlaces): Map<string, string> {
  const ignoreTexts = new Map<string, string>()
  for (const member of members) {
    const file = () => ({ archive, path: member.path, place: places.at(member.location) })
    const folder = ignoreFolder(member)
    if (folder !== undefined)
      ignoreTexts.set(
        folder,
        readIgnoreText(member, () => readSmall(file())),
      )
    if (member.kind === 'link' && member.reason === '') readTarget(member, places, () => readSmall(file()))
  }
  return ignoreTexts
}

function readIgnoreText(member: Member, read: () => Buffer): string {
  if (member.size <= MAX_IGNORE_FILE) return read().toString('utf8')
  member.reason = `it is over ${MAX_IGNORE_FILE} bytes long`
  return ''
}

/** The bytes of a link are its target. */
function readTarget(member: Member, places: ZipPlaces, read: () => Buffer): void {
  if (places.at(member.location).size > MAX_TARGET_BYTES) {
    member.reason = `it is a link whose target is over ${MAX_TARGET_BYTES} bytes long`
    return
  }
  const target = read()
  if (isUtf8(target)) member.target = target.toString('utf8')
  else member.reason = TARGET_NOT_UTF8
}

export async function openZipSource(path: string): Promise<Source> {
  const archive = openArchive(path)
  try {
    const places = createZipPlaces()
    for await (const entry of readZipEntries(archive)) places.add(entry)
    const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES)
    return createRandomSource((entry, offset) => openEntry(archive, places, entry, offset, buffer), archive.close)
  } catch (error) {
    archive.close()
    throw error
  }
}

function openEntry(
  archive: ArchiveFile,
  places: ZipPlaces,
  entry: SourceEntry,
  offset: number,
  buffer: Buffer,
): FileBytes {
  archive.expect(entry.stamp) // else its place in the archive would not be its place
  const file = { archive, path: entry.path, place: places.at(entry.location) }
  return { ...openZipContent(file, offset, buffer), verify: archive.verify }
}
