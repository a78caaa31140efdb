// What the files of the storage suite share.
import assert from 'node:assert/strict'
import { it, type TestContext } from 'node:test'
import { AetherError, type ErrorCode } from '../core/errors.ts'
import type { ListOptions, ListPage, ObjectInfo, Storage } from './storage.ts'

export type MakeStorage = () => Promise<{ storage: Storage; cleanup?: () => Promise<void> }>

/** A test with an empty storage of its own. */
export type StorageTest = (what: string, body: (storage: Storage, context: TestContext) => Promise<void>) => void

export function storageTest(make: MakeStorage): StorageTest {
  return (what, body) => {
    it(what, async (context) => {
      const { storage, cleanup } = await make()
      try {
        await body(storage, context)
      } finally {
        await storage.close()
        await cleanup?.()
      }
    })
  }
}

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** The object as text, or undefined when there is none. */
export async function readText(storage: Storage, key: string): Promise<string | undefined> {
  try {
    return textOf((await storage.get(key)).bytes)
  } catch (error) {
    if (error instanceof AetherError && error.code === 'not-found') return undefined
    throw error
  }
}

/** That a read says of an object what its write did; the time may differ by the second that the contract allows. */
export function assertInfo(read: ObjectInfo | undefined, put: ObjectInfo): void {
  const modified = read?.modified ?? Number.NaN
  assert.deepEqual(read, { ...put, modified })
  assert.ok(Math.abs(modified - put.modified) <= 1000, `${modified} is near ${put.modified}`)
}

/** How a call ended: 'ok' or the code of its error. */
export async function outcome(call: Promise<unknown>): Promise<'ok' | ErrorCode> {
  try {
    await call
    return 'ok'
  } catch (error) {
    assert.ok(error instanceof AetherError, `Expected an AetherError, got ${error}`)
    return error.code
  }
}

/** Keys and folded prefixes of a page, merged into byte order. */
export function namesOf(page: ListPage): string[] {
  return [...page.objects.map((info) => info.key), ...page.prefixes].sort(byBytes)
}

/** All pages of a listing, each checked to keep the limit and to end where it says. */
export async function listAll(storage: Storage, options: ListOptions): Promise<string[]> {
  const names: string[] = []
  for (let startAfter = options.startAfter; ; ) {
    const page = await storage.list({ ...options, startAfter })
    const found = namesOf(page)
    assert.ok(found.length <= (options.limit ?? 1000), 'a page keeps its limit')
    names.push(...found)
    if (page.next === undefined) return names
    assert.equal(page.next, found.at(-1), 'the next page begins after the last entry')
    startAfter = page.next
  }
}

export function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

export function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index))
}
