// Turns the members of an archive into a listing, under the same rules as a folder.
import { AetherError } from '../../core/errors.ts'
import { compareBytes } from '../../core/path.ts'
import { clampMicros } from '../../core/times.ts'
import { createEntryTable } from '../entry-table.ts'
import type { FilterOptions, SourceEntry, SourceListing } from '../source.ts'
import type { ArchiveFile } from './archive-file.ts'
import { createEntryFilter, type EntryFilter, IGNORE_FILE, IGNORE_LINK, isIgnoreName, OWN_FOLDER } from './filter.ts'
import { createOffences, HINT_SPECIAL, quote } from './offences.ts'
import { linkReason } from './special.ts'

/** What an archive holds under one name. */
export interface Member {
  path: string
  /** Special ones are sockets, devices and the like. A hard link names an earlier member in `target`. */
  kind: 'file' | 'folder' | 'link' | 'hard link' | 'special'
  executable: boolean
  size: number
  target: string
  modifiedMicros: number
  location: number
  /** Why it cannot be taken, or of special ones what they are; "" when there is nothing to say. */
  reason: string
}

/** What an archive may ask of us. */
export interface ArchiveLimits {
  /** Bytes of all files together. @default 2 ** 40 */
  maxBytes?: number
  /** @default 10_000_000 */
  maxMembers?: number
}

/** The folder that a path is an ignore file of; undefined when it is none. */
export function ignoreFolder({ kind, path, reason }: Member): string | undefined {
  if (kind !== 'file' || reason !== '') return undefined
  if (path === IGNORE_FILE) return ''
  return path.endsWith(`/${IGNORE_FILE}`) ? path.slice(0, -IGNORE_FILE.length - 1) : undefined
}

export interface LimitCheck {
  /** One more member. */
  member(): void
  /** So many bytes in all. */
  bytes(count: number): void
}

/** Each of its functions throws an AetherError `too-large` beyond the limit. */
export function createLimitCheck(
  archive: ArchiveFile,
  { maxBytes = 2 ** 40, maxMembers = 10_000_000 }: ArchiveLimits,
): LimitCheck {
  let members = 0

  function tooLarge(reason: string): AetherError {
    const message = `Cannot take the archive ${quote(archive.path)}: ${reason}`
    return new AetherError('too-large', message, { hint: 'Unpack it and push the folder' })
  }

  return {
    member: () => {
      if (++members > maxMembers) throw tooLarge(`it has more than ${maxMembers} entries`)
    },
    bytes: (count) => {
      if (count > maxBytes) throw tooLarge(`unpacked it has more than ${maxBytes} bytes`)
    },
  }
}

/** All that was found in an archive. */
export interface ArchiveContents {
  archive: ArchiveFile
  /** In the archive's order. */
  members: Member[]
  /** Texts of the ignore files, by folder ("" is the root). */
  ignoreTexts: ReadonlyMap<string, string>
  limits: LimitCheck
}

/** @throws {AetherError} `source`, naming members that cannot be taken. */
export function listMembers(contents: ArchiveContents, options: FilterOptions): SourceListing {
  const { archive, ignoreTexts, limits } = contents
  const filter = filterOf(options, ignoreTexts)
  const offences = createOffences()
  const skipped: SourceListing['skipped'] = []
  const taken = createTakenPaths((path, reason) => offences.add(path, reason))
  const kept: Member[] = []
  for (const { path, kind } of contents.members) {
    const isLink = kind === 'link' || kind === 'hard link'
    if (isLink && isIgnoreName(path) && !filter.excludes(path)) offences.add(path, IGNORE_LINK)
  }
  for (const member of resolveHardLinks(contents.members)) {
    if (isLeftOut(filter, member)) continue
    const special = specialOf(member)
    if (member.reason !== '' && !special) offences.add(member.path, member.reason)
    else if (special && options.skipSpecial) skipped.push({ path: member.path, reason: special })
    else if (special) offences.add(member.path, special, HINT_SPECIAL)
    else if (taken.add(member)) kept.push(member)
  }
  offences.throwIfAny()
  limits.bytes(kept.reduce((sum, { kind, size }) => sum + (kind === 'file' ? size : 0), 0))
  kept.sort((a, b) => compareBytes(a.path, b.path))
  const entries = createEntryTable()
  for (const member of kept) {
    if (member.kind !== 'folder' || isKeptFolder(member.path)) entries.add(entryOf(archive, member))
  }
  return { entries: entries.finish('as added'), skipped }

  function isKeptFolder(path: string): boolean {
    return !taken.hasBelow(path) && filter.includes(`${path}/`)
  }
}

function filterOf(options: FilterOptions, ignoreTexts: ReadonlyMap<string, string>): EntryFilter {
  // Outer folders first, as a walk meets them.
  const folders = [...ignoreTexts.keys()].sort(
    (a, b) => a.split('/').length - b.split('/').length || a.length - b.length,
  )
  return folders.reduce((filter, folder) => filter.within(folder, ignoreTexts.get(folder)!), createEntryFilter(options))
}

/** Members that nobody wants to hear of, not even that they cannot be taken. */
function isLeftOut(filter: EntryFilter, { path, kind, reason }: Member): boolean {
  if (path === '') return true
  if (isOwn(path, kind)) return true
  // A path that is not one of a snapshot's can only be refused.
  if (filter.takesAll || path.startsWith('/') || path.split('/').includes('..')) return isIgnoreFile(path, kind)
  if (filter.excludes(kind === 'folder' ? `${path}/` : path)) return true
  if (isIgnoreFile(path, kind)) return true
  return kind !== 'folder' && (reason === '' || kind === 'special') && !filter.includes(path)
}

function isOwn(path: string, kind: Member['kind']): boolean {
  return path.startsWith(`${OWN_FOLDER}/`) || (path === OWN_FOLDER && kind === 'folder')
}

function isIgnoreFile(path: string, kind: Member['kind']): boolean {
  return kind === 'file' && isIgnoreName(path)
}

function specialOf({ kind, path, target, reason }: Member): string | undefined {
  if (kind === 'special') return reason
  return kind === 'link' && reason === '' ? linkReason(path, target) : undefined
}

/** Hard links as copies of what they name, which always comes before them, as tar writes and reads them. */
function resolveHardLinks(members: Member[]): Member[] {
  if (!members.some((member) => member.kind === 'hard link')) return members
  const earlier = new Map<string, Member>()
  return members.map((member) => {
    const isLink = member.kind === 'hard link' && member.reason === ''
    const resolved = isLink ? resolve(member, earlier.get(member.target)) : member
    if (resolved.kind !== 'folder') earlier.set(resolved.path, resolved)
    return resolved
  })
}

function resolve(member: Member, named: Member | undefined): Member {
  if (named === undefined || named.kind === 'hard link' || (named.reason !== '' && named.kind !== 'special')) {
    return {
      ...member,
      kind: 'file',
      reason: `it is a hard link to ${quote(member.target)}, which does not come before it`,
    }
  }
  const { path, modifiedMicros } = member
  return { ...named, path, modifiedMicros }
}

interface TakenPaths {
  /** False for a folder that was named before. */
  add(member: Member): boolean
  hasBelow(path: string): boolean
}

/** Finds paths that are there twice, and those below what is no folder, in whatever order they come. */
function createTakenPaths(refuse: (path: string, reason: string) => void): TakenPaths {
  const kinds = new Map<string, Member['kind']>()
  /** Folders with something below them, whether they have a member of their own or not. */
  const parents = new Set<string>()

  function add({ path, kind }: Member): boolean {
    const before = kinds.get(path)
    if (before === 'folder' && kind === 'folder') return false
    if (before !== undefined) refuse(path, 'it is in the archive twice')
    else if (kind !== 'folder' && parents.has(path))
      refuse(path, 'it is no folder, but the archive has something below it')
    kinds.set(path, kind)
    addParents(path)
    return true
  }

  function addParents(path: string): void {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const parent = path.slice(0, end)
      if (parents.has(parent)) return
      parents.add(parent)
      const kind = kinds.get(parent)
      if (kind !== undefined && kind !== 'folder') refuse(path, `it lies below ${quote(parent)}, which is no folder`)
    }
  }

  return { add, hasBelow: (path) => parents.has(path) }
}

function entryOf(
  archive: ArchiveFile,
  { kind, path, executable, size, target, modifiedMicros, location }: Member,
): SourceEntry {
  const isFile = kind === 'file'
  return {
    kind: kind as SourceEntry['kind'],
    path,
    executable: isFile && executable,
    size: isFile ? size : 0,
    target: kind === 'link' ? target : '',
    modifiedMicros: clampMicros(modifiedMicros),
    stamp: isFile ? archive.stamp : '',
    settled: !isFile || archive.settled,
    location,
  }
}
