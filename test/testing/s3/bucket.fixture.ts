// A bucket in memory: its objects, and what a page of its listing has in it.
import { hash } from 'node:crypto'

export interface S3Object {
  body: Buffer
  /** Without quotes. */
  etag: string
  /** Milliseconds since 1970, to the second. */
  modified: number
}

export interface PageOptions {
  prefix: string
  delimiter: string
  /** Keys up to this one are left out. Unlike `after`, it does not leave out a folded prefix that goes on behind it. */
  startAfter: string
  /** The last entry of the page before, a key or a folded prefix. */
  after: string
  limit: number
}

export interface BucketPage {
  keys: string[]
  prefixes: string[]
  /** The last entry, when there are more. */
  next: string | undefined
}

export interface Bucket {
  get(key: string): S3Object | undefined
  put(key: string, body: Buffer, now: number): S3Object
  delete(key: string): void
  page(options: PageOptions): BucketPage
  size(): number
}

export function createBucket(): Bucket {
  const objects = new Map<string, S3Object>()
  let sorted: string[] | undefined

  return {
    get: (key) => objects.get(key),
    put(key, body, now) {
      const object = { body, etag: hash('md5', body), modified: Math.floor(now / 1000) * 1000 }
      if (!objects.has(key)) sorted = undefined
      objects.set(key, object)
      return object
    },
    delete(key) {
      if (objects.delete(key)) sorted = undefined
    },
    page(options) {
      sorted ??= [...objects.keys()].sort(compareBytes)
      return pageOf(sorted, options)
    },
    size: () => objects.size,
  }
}

function pageOf(sorted: readonly string[], { prefix, delimiter, startAfter, after, limit }: PageOptions): BucketPage {
  const page: BucketPage = { keys: [], prefixes: [], next: undefined }
  let last = ''
  for (const key of sorted) {
    if (!key.startsWith(prefix) || compareBytes(key, startAfter) <= 0) continue
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
    const name = cut < 0 ? key : key.slice(0, cut + delimiter.length)
    if (name === last || compareBytes(name, after) <= 0) continue
    if (page.keys.length + page.prefixes.length === limit) return { ...page, next: last }
    if (cut < 0) page.keys.push(name)
    else page.prefixes.push(name)
    last = name
  }
  return page
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
