// Pages of a store in S3. The service lists in byte order as the contract does, but folds, resumes and counts in its own way.
import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from '@aws-sdk/client-s3'
import { compareBytes } from '../../core/path.ts'
import { isKey } from '../check-key.ts'
import { checkList, MAX_PAGE } from '../check-options.ts'
import type { ListOptions, ListPage, ObjectInfo } from '../storage.ts'
import { strangeAnswer } from './explain.ts'
import { infoOf, type S3Bucket } from './s3-bucket.ts'

/** Pages of the service, one after the other, in which nothing is found that belongs to the store. */
const MAX_EMPTY_PAGES = 100

/** A key, or keys folded into one prefix. */
interface Found {
  name: string
  /** Undefined for a folded prefix. */
  info: ObjectInfo | undefined
}

export async function listObjects(s3: S3Bucket, options: ListOptions): Promise<ListPage> {
  const limit = checkList(options)
  let last = options.startAfter ?? ''
  let token: string | undefined
  for (let pages = 0; pages < MAX_EMPTY_PAGES; pages++) {
    const answer = await askForPage(s3, options, limit, token)
    const found = entriesOf(s3, answer)
    const fresh = found.filter(({ name }) => compareBytes(name, last) > 0)
    if (token !== undefined && fresh.length < found.length) throw strangeAnswer('a list does not go on')
    checkPage(options, fresh)
    const wanted = fresh.filter(isOurs)
    const hasMore = answer.IsTruncated === true
    if (wanted.length > 0 || !hasMore) return pageOf(wanted, limit, hasMore)
    token = answer.NextContinuationToken
    if (token === undefined) throw strangeAnswer('a list goes on, and does not say where')
    last = fresh.at(-1)?.name ?? last
  }
  throw strangeAnswer(`a list has ${MAX_EMPTY_PAGES} pages with nothing new in them`)
}

async function askForPage(s3: S3Bucket, options: ListOptions, limit: number, token: string | undefined) {
  const { prefix, delimiter, startAfter, signal } = options
  const command = new ListObjectsV2Command({
    Bucket: s3.bucket,
    Prefix: s3.prefix + prefix,
    Delimiter: delimiter,
    // With `startAfter` inside a folded prefix, S3 lists that prefix, which the contract does not: hence one more. After
    // a page of what is not ours, many more.
    MaxKeys: token === undefined ? Math.min(MAX_PAGE, delimiter && startAfter ? limit + 1 : limit) : MAX_PAGE,
    StartAfter: startAfter && token === undefined ? s3.prefix + startAfter.toWellFormed() : undefined,
    ContinuationToken: token,
    EncodingType: 'url', // keys may have characters that XML has not
  })
  const answer = await s3.client.send(command, { abortSignal: signal })
  // Whatever else is sent with status 200 would be taken for an empty list.
  if (answer.IsTruncated === undefined) throw strangeAnswer('it is no list')
  return answer
}

/** In byte order. */
function entriesOf(s3: S3Bucket, { Contents, CommonPrefixes, EncodingType }: ListObjectsV2CommandOutput): Found[] {
  const nameOf = (text: string | undefined): string => {
    const name = text === undefined ? undefined : EncodingType === 'url' ? decoded(text) : text
    if (name?.startsWith(s3.prefix)) return name.slice(s3.prefix.length)
    throw strangeAnswer('a list has entries that were not asked for')
  }
  const objects = (Contents ?? []).map((object) => {
    const name = nameOf(object.Key)
    return { name, info: infoOf(name, object.Size, object) }
  })
  const folded = (CommonPrefixes ?? []).map(({ Prefix }) => ({ name: nameOf(Prefix), info: undefined }))
  return [...objects, ...folded].sort((a, b) => compareBytes(a.name, b.name))
}

/** Some services write a space as "+", others as "%20"; a plus sign is never left as it is. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

/** Others put objects into buckets too, and consoles write "folders". */
function isOurs({ name, info }: Found): boolean {
  return isKey(info === undefined ? name.slice(0, -1) : name)
}

function checkPage({ prefix }: ListOptions, found: Found[]): void {
  const isWrong = found.some(({ name }, at) => !name.startsWith(prefix) || name === found[at - 1]?.name)
  if (isWrong) throw strangeAnswer('a list has entries that were not asked for, or the same twice')
}

function pageOf(found: Found[], limit: number, hasMore: boolean): ListPage {
  const entries = found.slice(0, limit)
  return {
    objects: entries.map(({ info }) => info).filter((info) => info !== undefined),
    prefixes: entries.filter(({ info }) => info === undefined).map(({ name }) => name),
    next: hasMore || found.length > limit ? entries.at(-1)?.name : undefined,
  }
}
