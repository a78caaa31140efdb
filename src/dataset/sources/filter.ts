// Which entries are taken: --include, --exclude and .aetherfsignore files, all in the syntax of .gitignore.
import createIgnore, { type Ignore } from 'ignore'

/** A file of this name holds patterns for its own folder and those below it, as .gitignore does. It is not pushed. */
export const IGNORE_FILE = '.aetherfsignore'
/** Longest ignore file, in bytes. */
export const MAX_IGNORE_FILE = 1024 * 1024
/** Why a link of that name is refused: followed it could take rules from anywhere, unread it would let through what it is to keep out. */
export const IGNORE_LINK = 'it is a link, and patterns are not read through links'

export function isIgnoreName(path: string): boolean {
  return path === IGNORE_FILE || path.endsWith(`/${IGNORE_FILE}`)
}

/** Where pulls keep their books, in the root of a folder. Never pushed. */
export const OWN_FOLDER = '.aetherfs'

export interface Patterns {
  include: readonly string[]
  exclude: readonly string[]
}

/** A path that ends in "/" is that of a folder. */
export type PathTest = (path: string) => boolean

export interface EntryFilter {
  /** There are no patterns, so callers may save themselves the questions. */
  takesAll: boolean
  /** Also true when a folder above it is excluded. */
  excludes: PathTest
  /** Only to be asked about what is not excluded. */
  includes: PathTest
  /** The filter for what is in `folder` ("" is the root), which holds an ignore file with this text. */
  within(folder: string, text: string): EntryFilter
}

/** True for the paths of a dataset that are taken. A path that ends in "/" is that of a folder. */
export function createPathFilter(patterns: Patterns): PathTest {
  const filter = createEntryFilter(patterns)
  return (path) => !filter.excludes(path) && filter.includes(path)
}

/** @param fileRules rules of ignore files, outer folders first. */
export function createEntryFilter(patterns: Patterns, fileRules: readonly string[] = []): EntryFilter {
  // The last rule that matches decides. So what was typed stands behind the files, and inner files behind outer ones.
  const rules = [...fileRules, ...patterns.exclude]
  return {
    takesAll: rules.length === 0 && patterns.include.length === 0,
    excludes: rules.length === 0 ? () => false : createMatcher(rules),
    includes: patterns.include.length === 0 ? () => true : createMatcher(patterns.include),
    within: (folder, text) => createEntryFilter(patterns, [...fileRules, ...rulesOf(folder, text)]),
  }
}

/** Questions after which the matcher begins anew, because it remembers every path that it was asked about. */
const MEMORY = 20_000

function createMatcher(rules: readonly string[]): PathTest {
  const compiled = newIgnore().add(rules)
  let matcher = newIgnore().add(compiled)
  let asked = 0
  return (path) => {
    if (asked++ === MEMORY) {
      matcher = newIgnore().add(compiled)
      asked = 0
    }
    return matcher.ignores(path)
  }
}

function newIgnore(): Ignore {
  return createIgnore({ ignorecase: false })
}

/** The lines of an ignore file, rewritten so that they mean the same when seen from the root. */
function rulesOf(folder: string, text: string): string[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  return folder === '' ? lines : lines.map((line) => fromRoot(folder, line))
}

function fromRoot(folder: string, line: string): string {
  if (line.startsWith('#')) return ''
  const sign = line.startsWith('!') ? '!' : ''
  const pattern = line.slice(sign.length)
  // A slash before the end ties a pattern to the folder of its file; without one it holds at any depth below.
  const tied = /\/(?! *$)/.test(pattern)
  const rest = pattern.replace(/^\//, '')
  if (rest.trim() === '') return ''
  return `${sign}/${escapeGlob(folder)}/${tied ? '' : '**/'}${rest}`
}

function escapeGlob(path: string): string {
  return path.replace(/[\\*?[\]]/g, '\\$&')
}
