// Calls of the S3 API, each answered with what a client sees of it, as plain values that can be compared.
import {
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  HeadObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3'

export interface Service {
  bucket: string
  /** What all keys of the tests begin with. */
  prefix: string
  /** A client with other settings, such as a wrong secret. */
  client(config?: {
    credentials?: { accessKeyId: string; secretAccessKey: string }
    systemClockOffset?: number
  }): S3Client
}

type Input<T> = Partial<Omit<T, 'Key' | 'Body'>>

export interface Calls {
  /** "200", or status and code of the refusal. */
  put(key: string, text: string, input?: Input<PutObjectCommandInput>): Promise<string>
  /** Status and bytes, or status and code of the refusal. */
  get(key: string, input?: Input<GetObjectCommandInput>): Promise<string>
  head(key: string, input?: { Bucket?: string }): Promise<string>
  remove(key: string, input?: { IfMatch?: string }): Promise<string>
  /** What GET and HEAD say of an object; the same, or it is an error. */
  describe(key: string): Promise<Record<string, unknown>>
  /** The ETag as it is sent. */
  tagOf(key: string): Promise<string>
  list(input: Partial<ListObjectsV2CommandInput>): Promise<Page>
}

export interface Page {
  status: string
  keys: string[]
  prefixes: string[]
  count: number | undefined
  truncated: boolean | undefined
  token: string | undefined
  maxKeys: number | undefined
  objects: { ETag?: string; Size?: number; LastModified?: Date }[]
}

/** Calls below a prefix. */
export function createCalls({ bucket: Bucket, client: connect }: Service, prefix: string, client = connect()): Calls {
  const place = (key: string) => ({ Bucket, Key: prefix + key })

  async function describe(key: string): Promise<Record<string, unknown>> {
    const got = await client.send(new GetObjectCommand(place(key)))
    await got.Body?.transformToByteArray()
    const head = await client.send(new HeadObjectCommand(place(key)))
    const [one, other] = [got, head].map(({ ETag, ContentLength, AcceptRanges, LastModified }) => ({
      ETag,
      ContentLength,
      AcceptRanges,
      isFresh: Math.abs(Date.now() - Number(LastModified)) < 60_000,
      inSeconds: Number(LastModified) % 1000 === 0,
    }))
    return JSON.stringify(one) === JSON.stringify(other) ? one! : { get: one, head: other }
  }

  async function list(input: Partial<ListObjectsV2CommandInput>): Promise<Page> {
    const Prefix = prefix + (input.Prefix ?? '')
    const StartAfter = input.StartAfter && prefix + input.StartAfter
    const page = await client.send(new ListObjectsV2Command({ Bucket, ...input, Prefix, StartAfter }))
    const { Contents = [], CommonPrefixes = [] } = page
    const nameOf = (text = '') => (page.EncodingType === 'url' ? decoded(text) : text).slice(prefix.length)
    return {
      status: `${page.$metadata.httpStatusCode}`,
      keys: Contents.map(({ Key }) => nameOf(Key)),
      prefixes: CommonPrefixes.map((folded) => nameOf(folded.Prefix)),
      count: page.KeyCount,
      truncated: page.IsTruncated,
      token: page.NextContinuationToken,
      maxKeys: page.MaxKeys,
      objects: Contents,
    }
  }

  return {
    put: (key, text, input) =>
      seen(client.send(new PutObjectCommand({ ...place(key), Body: Buffer.from(text), ...input }))),
    get: (key, input) => seen(client.send(new GetObjectCommand({ ...place(key), ...input }))),
    head: (key, input) => seen(client.send(new HeadObjectCommand({ ...place(key), ...input }))),
    remove: (key, input) => seen(client.send(new DeleteObjectCommand({ ...place(key), ...input }))),
    describe,
    tagOf: async (key) => (await client.send(new HeadObjectCommand(place(key)))).ETag ?? '',
    list,
  }
}

/** Some services write a space as "+", some as "%20", and some leave "/" as it is. */
function decoded(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '))
}

interface Answer {
  $metadata: { httpStatusCode?: number }
  ContentRange?: string
  Body?: { transformToString(): Promise<string> }
}

/** "206 bytes 3-6/10 3456" or "404 NoSuchKey". */
export async function seen(call: Promise<Answer>): Promise<string> {
  try {
    const { $metadata, ContentRange, Body } = await call
    return [$metadata.httpStatusCode, ContentRange, await Body?.transformToString()].filter(Boolean).join(' ')
  } catch (error) {
    const { $metadata, name } = error as Error & Partial<Answer>
    if ($metadata?.httpStatusCode === undefined) throw error
    return `${$metadata.httpStatusCode} ${name}`
  }
}
