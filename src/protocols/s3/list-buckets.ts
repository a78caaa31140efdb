// ListBuckets: all datasets that the caller may see.
import type { ReadableTree, TreeNode } from '../../dataset/tree/readable-tree.ts'
import { sendBytes } from '../answer.ts'
import type { Exchange } from '../exchange.ts'
import { isoDate } from '../http-date.ts'
import { bucketOf } from './bucket-name.ts'
import { S3Error } from './s3-error.ts'
import { xmlDocument } from './s3-xml.ts'

/** Buckets of a page at most. */
const MAX_BUCKETS = 1000

export async function sendBuckets(exchange: Exchange, tree: ReadableTree, query: URLSearchParams): Promise<void> {
  const limit = limitOf(query.get('max-buckets'))
  const prefix = query.get('prefix') ?? ''
  const buckets = new Set<string>() // two datasets may want one name: bucket-name.ts
  let last: readonly string[] = []
  let isTruncated = false
  for await (const { path, bucket } of bucketsBehind(
    tree,
    parseToken(query.get('continuation-token')),
    exchange.signal,
  )) {
    isTruncated = buckets.size === limit
    if (isTruncated) break
    if (bucket.startsWith(prefix)) buckets.add(bucket)
    last = path
  }
  const body = xmlDocument('ListAllMyBucketsResult', {
    Owner: { ID: 'aetherfs', DisplayName: 'aetherfs' },
    // A dataset has no such day, and clients fail where the field is missing.
    Buckets: { Bucket: [...buckets].map((Name) => ({ Name, CreationDate: isoDate(0) })) },
    Prefix: prefix || undefined,
    ContinuationToken: isTruncated ? Buffer.from(last.join('/')).toString('base64url') : undefined,
  })
  return sendBytes(exchange, 200, { 'content-type': 'application/xml', 'cache-control': 'no-store' }, Buffer.from(body))
}

function limitOf(text: string | null): number {
  if (text === null) return MAX_BUCKETS
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new S3Error('InvalidArgument', `Cannot give a page of "${text}" buckets`)
  return Math.min(Number(text), MAX_BUCKETS)
}

/** The path of the last dataset that was told. */
function parseToken(token: string | null): string[] {
  return token === null ? [] : Buffer.from(token, 'base64url').toString().split('/')
}

async function* bucketsBehind(
  tree: ReadableTree,
  [first, second]: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<{ path: string[]; bucket: string }> {
  if (first !== undefined && second !== undefined) yield* bucketsIn(tree, first, second, signal)
  for await (const node of listAll(tree, [], first, signal)) {
    if (node.name.startsWith('@')) yield* bucketsIn(tree, node.name, undefined, signal)
    else yield bucketAt([node.name])
  }
}

async function* bucketsIn(tree: ReadableTree, scope: string, after: string | undefined, signal: AbortSignal) {
  for await (const { name } of listAll(tree, [scope], after, signal)) yield bucketAt([scope, name])
}

function bucketAt(path: string[]) {
  return { path, bucket: bucketOf(path.join('/')) }
}

async function* listAll(
  tree: ReadableTree,
  path: readonly string[],
  begin: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<TreeNode> {
  const { place } = await tree.find(path, { signal })
  for (let after = begin, isLast = false; !isLast; ) {
    const page = await tree.list(place, { after, limit: MAX_BUCKETS, signal })
    for (const { node } of page.items) yield node
    after = page.items.at(-1)?.token
    isLast = page.isLast || after === undefined
  }
}
