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
  endpoint: string
  region: string
  /** A client of the SDK without anything of ours around it. */
  client(config?: S3ClientConfig): S3Client
}

/** Makes a bucket that is gone with all that is in it in the end, unless AETHERFS_RGW_BUCKET names one. */
export async function makeBucket(): Promise<TestBucket & AsyncDisposable> {
  const given = process.env.AETHERFS_RGW_BUCKET
  if (given) return { ...openBucket(given), [Symbol.asyncDispose]: async () => {} }
  const bucket = openBucket(`aetherfs-test-${randomBytes(6).toString('hex')}`)
  const client = bucket.client()
  await client.send(new CreateBucketCommand({ Bucket: bucket.name }))
  return { ...bucket, [Symbol.asyncDispose]: () => removeBucket(client, bucket.name) }
}

/** The bucket that run.ts has made. */
export function openBucket(name = process.env.AETHERFS_RGW_BUCKET): TestBucket {
  const { AETHERFS_RGW_ENDPOINT: endpoint, AWS_REGION: region = 'us-east-1' } = process.env
  if (!endpoint || !name) throw new Error('These tests are run by "npm run test:rgw"')

  function client(config: S3ClientConfig = {}): S3Client {
    return connectTo({ endpoint, region, ...config })
  }

  return { name, endpoint, region, client }
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
export function newStoreUrl({ name, endpoint, region }: TestBucket): string {
  const query = new URLSearchParams({ endpoint, region, pathStyle: 'true' })
  return `s3://${name}/${randomBytes(6).toString('hex')}?${query}`
}

/** What the SDK finds its credentials by, for programs that get no other environment. */
export function awsEnvironment(): Record<string, string> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('AWS_'))) as Record<
    string,
    string
  >
}

async function removeBucket(client: S3Client, Bucket: string): Promise<void> {
  for (let more = true; more; ) {
    const { Contents = [], IsTruncated } = await client.send(new ListObjectsV2Command({ Bucket }))
    await Promise.all(Contents.map(({ Key }) => client.send(new DeleteObjectCommand({ Bucket, Key }))))
    more = IsTruncated === true && Contents.length > 0
  }
  await client.send(new DeleteBucketCommand({ Bucket }))
  client.destroy()
}
