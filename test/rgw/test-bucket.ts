// The bucket in which the tests work, and where they find it.
import { randomBytes } from 'node:crypto'
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListObjectsV2Command,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3'

export interface TestBucket {
  name: string
  /** What all keys of this run begin with. */
  prefix: string
  endpoint: string
  region: string
  /** A client of the SDK without anything of ours around it. */
  client(config?: S3ClientConfig): S3Client
}

/**
 * Makes a bucket, or takes the one that AETHERFS_RGW_BUCKET names, for this process and those that it starts. In the end all
 * that they put there is gone.
 */
export async function makeBucket(): Promise<AsyncDisposable> {
  const given = process.env.AETHERFS_RGW_BUCKET
  const prefix = `aetherfs-test-${randomBytes(6).toString('hex')}`
  Object.assign(process.env, { AETHERFS_RGW_BUCKET: given || prefix, AETHERFS_RGW_PREFIX: prefix })
  const bucket = openBucket()
  const Bucket = bucket.name
  const client = bucket.client()
  if (!given) await client.send(new CreateBucketCommand({ Bucket }))

  async function remove(): Promise<void> {
    await removeObjects(client, { Bucket, Prefix: bucket.prefix })
    if (!given) await client.send(new DeleteBucketCommand({ Bucket }))
    client.destroy()
  }

  return { [Symbol.asyncDispose]: remove }
}

/** The bucket of this run. */
export function openBucket(): TestBucket {
  const { env } = process
  const [endpoint, name] = [env.AETHERFS_RGW_ENDPOINT, env.AETHERFS_RGW_BUCKET]
  const [prefix = '', region = 'us-east-1'] = [env.AETHERFS_RGW_PREFIX, env.AWS_REGION]
  if (!endpoint || !name) throw new Error('These tests are run by "npm run test:rgw"')

  function client(config: S3ClientConfig = {}): S3Client {
    return connectTo({ endpoint, region, ...config })
  }

  return { name, prefix: `${prefix}/`, endpoint, region, client }
}

/** Without retries, and without the checksums that most services other than AWS do not know. */
export function connectTo(config: S3ClientConfig): S3Client {
  return new S3Client({
    forcePathStyle: true,
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...config,
  })
}

/** Of a store of its own in the bucket: what `--storage` takes. */
export function newStoreUrl({ name, prefix, endpoint, region }: TestBucket): string {
  const query = new URLSearchParams({ endpoint, region, pathStyle: 'true' })
  return `s3://${name}/${prefix}${randomBytes(6).toString('hex')}?${query}`
}

/** What the SDK finds its credentials by, for programs that get no other environment. */
export function awsEnvironment(): Record<string, string> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('AWS_'))) as Record<
    string,
    string
  >
}

async function removeObjects(client: S3Client, place: { Bucket: string; Prefix: string }): Promise<void> {
  for (let more = true; more; ) {
    const { Contents = [], IsTruncated } = await client.send(new ListObjectsV2Command(place))
    for (const { Key } of Contents) await client.send(new DeleteObjectCommand({ Bucket: place.Bucket, Key }))
    more = IsTruncated === true && Contents.length > 0
  }
}
