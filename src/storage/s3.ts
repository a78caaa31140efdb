// A store in a bucket of S3, or of a service that speaks it: each object of the store is one object there, under its key
// behind the store's prefix. What differs between services is found out at the start (s3/probe.ts).
import { AetherError } from '../core/errors.ts'
import { checkKey } from './check-key.ts'
import { emulateConditions } from './s3/emulate-conditions.ts'
import { explain } from './s3/explain.ts'
import { listObjects } from './s3/list-objects.ts'
import { probe, probeReading } from './s3/probe.ts'
import { getObject, headObject } from './s3/read-object.ts'
import type { S3Bucket } from './s3/s3-bucket.ts'
import { createS3Client, type S3ClientOptions } from './s3/s3-client.ts'
import { deleteObject, putObject } from './s3/write-object.ts'
import type { Storage } from './storage.ts'

export interface S3StorageOptions extends S3ClientOptions {
  /** The operator says that no other hub writes to this store, so that one may do without conditional writes. @default false */
  singleWriter?: boolean
  /** Nothing is written, also not to find out what the service can do. @default false */
  readOnly?: boolean
}

/**
 * Opens the store in a bucket that is there.
 * @throws {AetherError} `invalid` for a bucket that is not there (`not-found` when it is only to be read) or keeps no
 *   conditions; `denied`, `unavailable`
 */
export async function createS3Storage(options: S3StorageOptions): Promise<Storage> {
  const { bucket, prefix, encryption, singleWriter = false, readOnly = false } = options
  const client = await createS3Client(options)
  const s3: S3Bucket = { client, bucket, prefix: prefix && `${prefix}/`, encryption, quotedTags: true, checksums: true }
  try {
    if (readOnly) {
      await probeReading(s3)
      return assemble(s3)
    }
    const { conditionalPuts: puts, conditionalDeletes: deletes, quotedTags, checksums } = await probe(s3)
    if (!puts && !singleWriter) throw keepsNoConditions(s3)
    const storage = assemble({ ...s3, quotedTags, checksums })
    return puts && deletes ? storage : emulateConditions(storage, { puts })
  } catch (error) {
    client.destroy()
    throw error
  }
}

function assemble(s3: S3Bucket): Storage {
  return {
    get: (key, options = {}) => explained(`Cannot read "${key}"`, key, options, () => getObject(s3, key, options)),
    head: (key, options = {}) => explained(`Cannot read "${key}"`, key, options, () => headObject(s3, key, options)),
    put: (key, bytes, options = {}) =>
      explained(`Cannot write "${key}"`, key, options, () => putObject(s3, key, bytes, options)),
    list: (options) => explained(`Cannot list "${options.prefix}"`, undefined, options, () => listObjects(s3, options)),
    delete: (key, options = {}) =>
      explained(`Cannot delete "${key}"`, key, options, () => deleteObject(s3, key, options)),
    close: async () => s3.client.destroy(),
  }
}

async function explained<T>(
  doing: string,
  key: string | undefined,
  { signal }: { signal?: AbortSignal },
  work: () => Promise<T>,
): Promise<T> {
  try {
    if (key !== undefined) checkKey(key)
    return await work()
  } catch (error) {
    throw explain(error, doing, signal)
  }
}

function keepsNoConditions({ bucket, prefix }: S3Bucket): AetherError {
  return new AetherError(
    'invalid',
    `Cannot open the store "s3://${bucket}/${prefix}": the service does not keep conditions on writes, by which several hubs keep out of each other's way`,
    { hint: 'If this is the only hub that will ever write to the store, say --single-writer' },
  )
}
