// Lists a folder without opening a file of it: this alone is what a push costs when nothing changed.
//
// Everything is synchronous, in slices: for calls this short, going through the thread pool costs several times the call.
import { isUtf8 } from 'node:buffer'
import { constants, lstatSync, readFileSync, readlinkSync, realpathSync, type Stats } from 'node:fs'
import { AetherError, systemCode, toAetherError } from '../../core/errors.ts'
import { compareBytes } from '../../core/path.ts'
import { microsOfMillis } from '../../core/times.ts'
import { createEntryTable } from '../entry-table.ts'
import type { FilterOptions, SourceEntry, SourceListing } from '../source.ts'
import { isSettled, stampOf } from './file-stamp.ts'
import { createEntryFilter, type EntryFilter, IGNORE_FILE, IGNORE_LINK, MAX_IGNORE_FILE, OWN_FOLDER } from './filter.ts'
import { type FolderNames, readNames } from './folder-names.ts'
import { inSlices } from './in-slices.ts'
import { NOT_UTF8, TARGET_NOT_UTF8 } from './names.ts'
import { createOffences, explainSystem, HINT_SPECIAL, pathReason, quote } from './offences.ts'
import { linkReason, specialReason } from './special.ts'

/** Entries between two looks at the clock. */
const STEP = 256
/** Up to these lengths in UTF-16 units no name and no path can be too long in bytes. */
const SHORT_NAME = 85
const SHORT_PATH = 1365

/** Where the walk is in one folder. */
interface Place {
  /** Path of the folder with a "/" behind it; "" for the root. */
  prefix: string
  /** What the folder itself is; undefined for the root. */
  stat: Stats | undefined
  names: string[]
  /** Place of the next name. */
  next: number
  filter: EntryFilter
  /** Entries there were before this folder. */
  before: number
}

/**
 * @param root absolute; may be a symbolic link to the folder. Mount points below it are crossed, links never.
 * @throws {AetherError} `source`, naming up to 20 entries that cannot be pushed as they are.
 */
export async function walkFolder(root: string, options: FilterOptions, signal?: AbortSignal): Promise<SourceListing> {
  const walk = createWalk(resolveFolder(root), options, Date.now())
  await inSlices(walk.step, signal)
  return walk.listing()
}

/** The folder's real path, with a "/" at its end. */
export function resolveFolder(root: string): string {
  try {
    return realpathSync(root).replace(/\/*$/, '/')
  } catch (cause) {
    const code = systemCode(cause) === 'ENOENT' ? 'not-found' : 'source'
    const { hint } = toAetherError(cause)
    throw new AetherError(code, `Cannot read the folder ${quote(root)}: ${explainSystem(cause).reason}`, {
      hint,
      cause,
    })
  }
}

function createWalk(base: string, options: FilterOptions, now: number) {
  const entries = createEntryTable()
  const skipped: SourceListing['skipped'] = []
  const offences = createOffences()
  const places: Place[] = []
  let ordered = true

  enter('', undefined, createEntryFilter(options))

  /** Does a little of the walk; false at its end. */
  function step(): boolean {
    for (let i = 0; i < STEP; i++) {
      const place = places.at(-1)
      if (place === undefined) return false
      const name = place.names[place.next++]
      if (name === undefined) leave(place)
      else visit(place, name)
    }
    return true
  }

  function enter(prefix: string, stat: Stats | undefined, filter: EntryFilter): void {
    const found = readFolder(prefix)
    if (found === undefined) return
    for (const { shown, garbled } of found.invalid) {
      if (!filter.excludes(prefix + garbled)) offences.add(prefix + shown, NOT_UTF8)
    }
    const inner = found.names.includes(IGNORE_FILE) ? withIgnoreFile(prefix, filter) : filter
    places.push({ prefix, stat, names: found.names, next: 0, filter: inner, before: entries.length() })
  }

  function readFolder(prefix: string): FolderNames | undefined {
    try {
      return readNames(base + prefix)
    } catch (error) {
      refuse(prefix.slice(0, -1) || base, error)
      return undefined
    }
  }

  /** The filter with the rules of the ignore file in this folder. */
  function withIgnoreFile(prefix: string, filter: EntryFilter): EntryFilter {
    const path = prefix + IGNORE_FILE
    try {
      const stat = lstatSync(base + path)
      if (stat.isFile()) return filter.within(prefix.slice(0, -1), readIgnoreFile(base + path, stat.size))
      if (stat.isSymbolicLink() && !filter.excludes(path)) offences.add(path, IGNORE_LINK)
    } catch (error) {
      refuse(path, error)
    }
    return filter
  }

  function visit(place: Place, name: string): void {
    const { prefix, filter } = place
    const path = prefix + name
    const stat = look(path, filter)
    if (stat === undefined) return
    const isFolder = stat.isDirectory()
    if (!filter.takesAll && filter.excludes(isFolder ? `${path}/` : path)) return
    if ((name.length > SHORT_NAME || path.length > SHORT_PATH) && isTooLong(path)) return
    if (isFolder) {
      if (path !== OWN_FOLDER) enter(`${path}/`, stat, filter)
    } else if (name !== IGNORE_FILE && (filter.takesAll || filter.includes(path))) {
      take(path, stat)
    }
  }

  function look(path: string, filter: EntryFilter): Stats | undefined {
    try {
      return lstatSync(base + path)
    } catch (error) {
      if (!filter.excludes(path) && !filter.excludes(`${path}/`)) refuse(path, error)
      return undefined
    }
  }

  function isTooLong(path: string): boolean {
    const reason = pathReason(path)
    if (reason !== undefined) offences.add(path, reason)
    return reason !== undefined
  }

  function take(path: string, stat: Stats): void {
    if (stat.isFile()) addFile(path, stat)
    else if (stat.isSymbolicLink()) takeLink(path, stat)
    else leaveOut(path, specialReason(stat.mode) ?? 'it is neither file, folder nor link')
  }

  function takeLink(path: string, stat: Stats): void {
    const target = readTarget(path)
    if (target === undefined) return
    const reason = linkReason(path, target)
    if (reason === undefined) add('link', path, stat, target)
    else leaveOut(path, reason)
  }

  function readTarget(path: string): string | undefined {
    try {
      const target = readlinkSync(base + path)
      if (!target.includes('\uFFFD') || isUtf8(readlinkSync(base + path, { encoding: 'buffer' }))) return target
      offences.add(path, TARGET_NOT_UTF8)
    } catch (error) {
      refuse(path, error)
    }
    return undefined
  }

  function leave({ prefix, stat, filter, before }: Place): void {
    places.pop()
    if (stat === undefined) return
    if (entries.length() > before) checkOrder(prefix)
    else if (filter.includes(prefix)) add('folder', prefix.slice(0, -1), stat)
  }

  /** What is in "a/" belongs behind "a-b" and "a.b", but names are visited as they stand: "a" first. */
  function checkOrder(prefix: string): void {
    const parent = places.at(-1)!
    const next = parent.names[parent.next]
    if (next !== undefined && compareBytes(parent.prefix + next, prefix) < 0) ordered = false
  }

  function refuse(path: string, error: unknown): void {
    const { reason, hint } = explainSystem(error)
    offences.add(path, reason, hint)
  }

  function leaveOut(path: string, reason: string): void {
    if (options.skipSpecial) skipped.push({ path, reason })
    else offences.add(path, reason, HINT_SPECIAL)
  }

  function addFile(path: string, stat: Stats): void {
    entries.add(fileEntry(path, stat, now))
  }

  function add(kind: 'folder' | 'link', path: string, stat: Stats, target = ''): void {
    const modifiedMicros = microsOfMillis(stat.mtimeMs)
    entries.add({
      kind,
      path,
      executable: false,
      size: 0,
      target,
      modifiedMicros,
      stamp: '',
      settled: true,
      location: 0,
    })
  }

  function listing(): SourceListing {
    offences.throwIfAny()
    return { entries: entries.finish(ordered ? 'as added' : 'by path'), skipped }
  }

  return { step, listing }
}

/** @param now when the walk began, in milliseconds. */
export function fileEntry(path: string, stat: Stats, now: number): SourceEntry {
  return {
    kind: 'file',
    path,
    executable: (stat.mode & 0o100) !== 0,
    size: stat.size,
    target: '',
    modifiedMicros: microsOfMillis(stat.mtimeMs),
    stamp: stampOf(stat),
    settled: isSettled(stat.mtimeMs, stat.ctimeMs, now),
    location: stat.dev,
  }
}

function readIgnoreFile(path: string, size: number): string {
  if (size > MAX_IGNORE_FILE) throw new RangeError(`it is over ${MAX_IGNORE_FILE} bytes long`)
  return readFileSync(path, { encoding: 'utf8', flag: constants.O_RDONLY | constants.O_NOFOLLOW })
}
