// Writing and removing objects in S3, with the conditions that the service keeps.
import { hash } from 'node:crypto'
import { DeleteObjectCommand, PutObjectCommand, type PutObjectCommandInput } from '@aws-sdk/client-s3'
import { checkPut, stopIfAborted } from '../check-options.ts'
import { alreadyThere, changedMeanwhile } from '../conditions.ts'
import type { ObjectInfo, PutOptions } from '../storage.ts'
import { nameOfRefusal, statusOf } from './explain.ts'
import { headObject } from './read-object.ts'
import { infoOf, isVersion, placeOf, type S3Bucket, tagOf } from './s3-bucket.ts'

export async function putObject(
  s3: S3Bucket,
  key: string,
  bytes: Uint8Array,
  options: PutOptions = {},
): Promise<ObjectInfo> {
  checkPut(options)
  const { ifAbsent, ifMatch } = options
  if (ifMatch !== undefined && !isVersion(ifMatch)) throw changedMeanwhile(key)
  const conditions = { IfNoneMatch: ifAbsent ? '*' : undefined, IfMatch: ifMatch && tagOf(s3, ifMatch) }
  try {
    return await put(s3, key, bytes, conditions, options)
  } catch (error) {
    if (ifAbsent && statusOf(error) === 412) throw alreadyThere(key)
    if (ifMatch !== undefined && hasNotMatched(error)) throw changedMeanwhile(key)
    throw error
  }
}

type Conditions = Pick<PutObjectCommandInput, 'IfMatch' | 'IfNoneMatch'>

async function put(
  s3: S3Bucket,
  key: string,
  bytes: Uint8Array,
  conditions: Conditions,
  { sha256 = hash('sha256', bytes), signal }: PutOptions,
): Promise<ObjectInfo> {
  const command = new PutObjectCommand({
    ...placeOf(s3, key),
    ...conditions,
    Body: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), // not a stream: those are sent in signed pieces
    ContentType: 'application/octet-stream',
    ChecksumSHA256: s3.checksums ? Buffer.from(sha256, 'hex').toString('base64') : undefined,
    ServerSideEncryption: s3.encryption?.algorithm,
    SSEKMSKeyId: s3.encryption?.kmsKeyId,
  })
  let date: string | undefined
  command.middlewareStack.add(
    (next) => async (args) => {
      const { headers } = args.request as { headers: Record<string, string> }
      headers['x-amz-content-sha256'] = sha256 // or the SDK hashes all bytes again, to sign them
      const result = await next(args)
      date = (result.response as { headers?: Record<string, string> }).headers?.date
      return result
    },
    { step: 'build' },
  )
  const { ETag } = await s3.client.send(command, { abortSignal: signal })
  // S3 does not say with what time it has written; that of its answer is by the same clock.
  return infoOf(key, bytes.length, { ETag, LastModified: new Date(Date.parse(date ?? '') || Date.now()) })
}

export async function deleteObject(
  s3: S3Bucket,
  key: string,
  { ifMatch, signal }: { ifMatch?: string; signal?: AbortSignal },
): Promise<void> {
  stopIfAborted(signal)
  if (ifMatch === undefined) return remove(s3, key, undefined, signal)
  // A service is content when what was to be removed is not there; the contract is not.
  const present = await headObject(s3, key, { signal })
  if (present?.version !== ifMatch) throw changedMeanwhile(key)
  await removeMatching(s3, key, ifMatch, signal)
}

/** Leaves the comparison to the service. */
export async function removeMatching(s3: S3Bucket, key: string, version: string, signal?: AbortSignal): Promise<void> {
  try {
    await remove(s3, key, tagOf(s3, version), signal)
  } catch (error) {
    throw hasNotMatched(error) ? changedMeanwhile(key) : error
  }
}

async function remove(s3: S3Bucket, key: string, ifMatch: string | undefined, signal?: AbortSignal): Promise<void> {
  await s3.client.send(new DeleteObjectCommand({ ...placeOf(s3, key), IfMatch: ifMatch }), { abortSignal: signal })
}

/** AWS says NoSuchKey when there is nothing to match, or when it was removed just now. */
function hasNotMatched(error: unknown): boolean {
  return statusOf(error) === 412 || nameOfRefusal(error) === 'NoSuchKey'
}
