// Cookies: where a client goes on in a folder. They need no memory of ours and hold while names come and go.
//
//   0 the beginning · 1 behind "." · 2 behind ".." · then in a snapshot the token of the tree, and above it a hash of the name
//
// The children of a tag are those of its snapshot. When the tag has moved between two pages, the verifier tells so.
import { AetherError } from '../../core/errors.ts'
import type { Place } from '../../dataset/tree/readable-tree.ts'
import type { NameFinder } from './name-finder.ts'
import { NfsError, STATUS } from './program.ts'

export const BEHIND_SELF = 1n
export const BEHIND_PARENT = 2n
const FIRST_TOKEN = 3n

export function cookieOf(folder: Place, item: { token: string }, names: NameFinder): bigint {
  return folder.level === 'snapshot' ? BigInt(item.token) + FIRST_TOKEN : BigInt(`0x${names.hashOf(item.token)}`)
}

/** @throws {NfsError} `badCookie` when the name is not there any more, and was never seen here */
export async function tokenOf(folder: Place, cookie: bigint, names: NameFinder): Promise<string | undefined> {
  if (cookie <= BEHIND_PARENT) return undefined
  if (folder.level === 'snapshot') return String(cookie - FIRST_TOKEN)
  const name = await names.nameIn(folder, cookie.toString(16))
  if (name === undefined) throw badCookie()
  return name
}

/** A token that the tree does not take came in a cookie that is not ours. */
export async function orBadCookie<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof AetherError && error.code === 'invalid') throw badCookie(error)
    throw error
  }
}

export function badCookie(cause?: unknown): NfsError {
  return new NfsError(STATUS.badCookie, 'invalid', 'A folder cannot be read on from there', cause)
}
