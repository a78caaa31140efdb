// The door for clients of S3: read only, in path style. A bucket is a dataset, a key is "tag/path", an entity tag is the SHA-256
// of the file (of S3 itself it is mostly an MD5), and what clients have signed is checked where there are keys: s3-auth.ts.
import { BY_DIGEST, type ReadableTree } from '../../dataset/tree/readable-tree.ts'
import { sendBytes, sendEmpty } from '../answer.ts'
import type { Exchange } from '../exchange.ts'
import { findThroughLinks } from '../follow-links.ts'
import type { Door, FoundRoute } from '../route-table.ts'
import { sendFile } from '../send-file.ts'
import type { Trees } from '../trees.ts'
import { datasetsOf } from './bucket-name.ts'
import { orNothing } from './key-levels.ts'
import { sendBuckets } from './list-buckets.ts'
import { sendKeys } from './list-objects.ts'
import { callerOf, type LookUpCredential } from './s3-auth.ts'
import { S3Error, sendS3Error } from './s3-error.ts'
import { parseS3Request, type S3Request } from './s3-request.ts'
import { xmlDocument } from './s3-xml.ts'

export const S3_ROOT = '/s3'

export interface S3DoorOptions {
  trees: Trees
  /** @default none: then signatures are not looked at */
  lookUpCredential?: LookUpCredential
  /** Milliseconds since 1970. */
  now?: () => number
}

/** The way to what this door answers; undefined for requests of others. */
export function s3Door({ trees, lookUpCredential, now = Date.now }: S3DoorOptions): Door {
  const route: FoundRoute = {
    template: `${S3_ROOT}/{path}`,
    open: false,
    tellsRefusal: true,
    async handle(exchange) {
      try {
        const request = parseS3Request(exchange.method, exchange.path.slice(S3_ROOT.length), exchange.query)
        exchange.caller = await callerOf(exchange, lookUpCredential, now())
        await answer(exchange, trees(exchange.caller), request)
      } catch (error) {
        await sendS3Error(exchange, error)
      }
    },
  }
  return ({ path }) => (path === S3_ROOT || path.startsWith(`${S3_ROOT}/`) ? route : undefined)
}

async function answer(exchange: Exchange, tree: ReadableTree, request: S3Request): Promise<void> {
  const { operation, bucket, query } = request
  if (operation === 'ListBuckets') return sendBuckets(exchange, tree, query)
  const dataset = await findBucket(tree, bucket, exchange.signal)
  if (operation === 'HeadBucket') return sendEmpty(exchange, 200, { 'x-amz-bucket-region': 'us-east-1' })
  if (operation === 'GetBucketLocation') return sendLocation(exchange)
  if (operation === 'GetObject') return sendObject(exchange, tree, dataset, request)
  return sendKeys(exchange, tree, dataset, request)
}

/** The path of the dataset that a bucket stands for. */
async function findBucket(tree: ReadableTree, bucket: string, signal: AbortSignal): Promise<string[]> {
  for (const dataset of datasetsOf(bucket)) {
    const path = dataset.split('/')
    if (await orNothing(tree.find(path, { signal }))) return path
  }
  throw new S3Error('NoSuchBucket', `There is no dataset for the bucket "${bucket}"`)
}

/** The empty location is the first region of S3, which clients take when they are told none. */
function sendLocation(exchange: Exchange): Promise<void> {
  const body = Buffer.from(xmlDocument('LocationConstraint', {}))
  return sendBytes(exchange, 200, { 'content-type': 'application/xml' }, body)
}

async function sendObject(
  exchange: Exchange,
  tree: ReadableTree,
  dataset: readonly string[],
  { key }: S3Request,
): Promise<void> {
  const parts = key.split('/')
  const isPath = parts.every((part) => part !== '' && part !== '.' && part !== '..')
  const found = isPath ? await orNothing(findThroughLinks(tree, [...dataset, ...parts], exchange)) : undefined
  if (found?.node.kind !== 'file') throw new S3Error('NoSuchKey', `There is no file "${key}"`)
  const { headers } = exchange.req
  // S3 too tells it of whole objects only. Clients that ask for it check what they got.
  const wantsSum = headers['x-amz-checksum-mode'] === 'ENABLED' && headers.range === undefined
  const sum = Buffer.from(found.node.hash, 'hex').toString('base64')
  return sendFile(exchange, tree, found.node, {
    immutable: parts[0] === BY_DIGEST,
    headers: wantsSum ? { 'x-amz-checksum-sha256': sum, 'x-amz-checksum-type': 'FULL_OBJECT' } : {},
  })
}
