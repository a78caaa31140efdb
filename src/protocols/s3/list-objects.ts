// ListObjectsV2, and its first version for older clients: one page of keys.
import type { ReadableTree } from '../../dataset/tree/readable-tree.ts'
import { sendBytes } from '../answer.ts'
import type { Exchange } from '../exchange.ts'
import { isoDate } from '../http-date.ts'
import { etagOf } from '../send-file.ts'
import { type Behind, type KeyItem, listKeys } from './keys.ts'
import { parseToken, tokenBehind } from './list-token.ts'
import { S3Error } from './s3-error.ts'
import type { S3Request } from './s3-request.ts'
import { type XmlFields, xmlDocument } from './s3-xml.ts'

/** Keys of a page at most, and when nothing is said. */
const MAX_KEYS = 1000

interface ListQuery {
  prefix: string
  delimiter: string
  maxKeys: number
  behind: Behind
  /** Writes keys, so that any goes in XML. */
  encode: (text: string) => string
}

interface KeyPage {
  items: KeyItem[]
  isTruncated: boolean
}

/** @param dataset its path in the tree @throws {S3Error} */
export async function sendKeys(
  exchange: Exchange,
  tree: ReadableTree,
  dataset: readonly string[],
  { operation, bucket, query }: S3Request,
): Promise<void> {
  const isSecond = operation === 'ListObjectsV2'
  const asked = readQuery(query, isSecond)
  const page = await pageOf(exchange, tree, dataset, asked)
  const fields = {
    Name: bucket,
    ...commonFields(asked, page),
    ...(isSecond ? secondFields : firstFields)(query, asked, page),
  }
  const body = Buffer.from(xmlDocument('ListBucketResult', fields))
  return sendBytes(exchange, 200, { 'content-type': 'application/xml', 'cache-control': 'no-store' }, body)
}

function readQuery(query: URLSearchParams, isSecond: boolean): ListQuery {
  const delimiter = query.get('delimiter') ?? ''
  if (delimiter !== '' && delimiter !== '/')
    throw new S3Error('NotImplemented', `The delimiter "${delimiter}" is not taken here, but "/" alone`)
  const encoding = query.get('encoding-type')
  if (encoding !== null && encoding !== 'url')
    throw new S3Error('InvalidArgument', `There is no encoding-type "${encoding}", but "url"`)
  return {
    prefix: query.get('prefix') ?? '',
    delimiter,
    maxKeys: maxKeysOf(query.get('max-keys')),
    behind: isSecond ? behindSecond(query) : behindFirst(query, delimiter),
    encode: encoding === 'url' ? encodeKey : (text) => text,
  }
}

function maxKeysOf(text: string | null): number {
  if (text === null || text === '') return MAX_KEYS
  if (!/^\d{1,10}$/.test(text)) throw new S3Error('InvalidArgument', `Cannot give a page of "${text}" keys`)
  return Math.min(Number(text), MAX_KEYS)
}

function behindSecond(query: URLSearchParams): Behind {
  const token = query.get('continuation-token')
  return token === null ? { text: query.get('start-after') ?? '', isWhole: false } : parseToken(token)
}

/** A marker is a key, or the last of the common prefixes. */
function behindFirst(query: URLSearchParams, delimiter: string): Behind {
  const text = query.get('marker') ?? ''
  return { text, isWhole: delimiter !== '' && text.endsWith(delimiter) }
}

async function pageOf(
  { signal }: Exchange,
  tree: ReadableTree,
  dataset: readonly string[],
  { prefix, delimiter, maxKeys, behind }: ListQuery,
): Promise<KeyPage> {
  const items: KeyItem[] = []
  const query = { dataset, prefix, foldsFolders: delimiter !== '', behind }
  for await (const item of listKeys(tree, query, { signal })) {
    if (items.length === maxKeys) return { items, isTruncated: maxKeys > 0 }
    items.push(item)
  }
  return { items, isTruncated: false }
}

function commonFields({ prefix, delimiter, maxKeys, encode }: ListQuery, { items, isTruncated }: KeyPage): XmlFields {
  return {
    Prefix: encode(prefix),
    Delimiter: delimiter || undefined,
    MaxKeys: maxKeys,
    EncodingType: encode === encodeKey ? 'url' : undefined,
    IsTruncated: isTruncated,
    Contents: items.filter((item) => item.kind === 'key').map((item) => contentsOf(item, encode)),
    CommonPrefixes: items.filter(({ kind }) => kind === 'prefix').map(({ text }) => ({ Prefix: encode(text) })),
  }
}

function secondFields(query: URLSearchParams, { encode }: ListQuery, { items, isTruncated }: KeyPage): XmlFields {
  const startAfter = query.get('start-after')
  return {
    KeyCount: items.length,
    ContinuationToken: query.get('continuation-token') ?? undefined,
    NextContinuationToken: isTruncated ? tokenBehind(items.at(-1)!) : undefined,
    StartAfter: startAfter === null ? undefined : encode(startAfter),
  }
}

function firstFields(query: URLSearchParams, { encode }: ListQuery, { items, isTruncated }: KeyPage): XmlFields {
  return {
    Marker: encode(query.get('marker') ?? ''),
    NextMarker: isTruncated ? encode(items.at(-1)!.text) : undefined,
  }
}

function contentsOf({ text, file }: Extract<KeyItem, { kind: 'key' }>, encode: (text: string) => string): XmlFields {
  const { size, modifiedMicros } = file
  const lastModified = isoDate(modifiedMicros) ?? isoDate(0)
  return { Key: encode(text), LastModified: lastModified, ETag: etagOf(file), Size: size, StorageClass: 'STANDARD' }
}

/** As in an address, but "/" stays. */
function encodeKey(text: string): string {
  return encodeURIComponent(text).replaceAll('%2F', '/')
}
