// Reading objects from S3, whole and in ranges.
import type { Readable } from 'node:stream'
import { GetObjectCommand, type GetObjectCommandOutput, HeadObjectCommand } from '@aws-sdk/client-s3'
import { AetherError } from '../../core/errors.ts'
import { checkRange, readSpan, stopIfAborted } from '../check-options.ts'
import { noSuchObject } from '../conditions.ts'
import type { ByteRange, ObjectInfo, Storage, StoredObject } from '../storage.ts'
import { readExactly } from './bound-answers.ts'
import { nameOfRefusal, statusOf, strangeAnswer } from './explain.ts'
import { infoOf, placeOf, type S3Bucket } from './s3-bucket.ts'

type GetOptions = NonNullable<Parameters<Storage['get']>[1]>

export async function getObject(s3: S3Bucket, key: string, { range, signal }: GetOptions): Promise<StoredObject> {
  checkRange(range)
  stopIfAborted(signal)
  const command = new GetObjectCommand({ ...placeOf(s3, key), Range: range && rangeHeader(range) })
  const answer = await s3.client.send(command, { abortSignal: signal }).catch((error: unknown) => {
    if (nameOfRefusal(error) === 'NoSuchKey') throw noSuchObject(key)
    if (range && statusOf(error) === 416) return undefined
    throw error
  })
  if (answer === undefined) return pastTheEnd(s3, key, range!, signal)
  const body = answer.Body as Readable
  try {
    const { info, length } = describe(key, answer, range)
    return { info, bytes: await readExactly(body, length) }
  } finally {
    body.destroy()
  }
}

export async function headObject(
  s3: S3Bucket,
  key: string,
  { signal }: { signal?: AbortSignal },
): Promise<ObjectInfo | undefined> {
  stopIfAborted(signal)
  const command = new HeadObjectCommand(placeOf(s3, key))
  const answer = await s3.client.send(command, { abortSignal: signal }).catch((error: unknown) => {
    if (statusOf(error) === 404) return undefined // HEAD has no words in which to say what is not there
    throw error
  })
  return answer && infoOf(key, answer.ContentLength, answer)
}

function rangeHeader({ offset, length }: ByteRange): string {
  const last = offset + length - 1
  return Number.isSafeInteger(last) ? `bytes=${offset}-${last}` : `bytes=${offset}-`
}

/** What the answer holds, before memory is taken for it. */
function describe(key: string, answer: GetObjectCommandOutput, range: ByteRange | undefined) {
  const length = answer.ContentLength
  const found = /^bytes (\d{1,16})-\d{1,16}\/(\d{1,16})$/.exec(answer.ContentRange ?? '')
  const [first, size] = found ? [Number(found[1]), Number(found[2])] : [0, length]
  const info = infoOf(key, size, answer)
  const wanted = readSpan(key, info.size, range)
  if (length !== wanted.length || first !== wanted.offset)
    throw strangeAnswer(
      `it has ${length} bytes from ${first} of "${key}" in the place of ${wanted.length} from ${wanted.offset}`,
    )
  return { info, length }
}

/** Services do not say how long the object is when they refuse a range. */
async function pastTheEnd(
  s3: S3Bucket,
  key: string,
  { offset }: ByteRange,
  signal?: AbortSignal,
): Promise<StoredObject> {
  const info = await headObject(s3, key, { signal })
  if (info === undefined) throw noSuchObject(key)
  if (info.size <= offset) return { info, bytes: new Uint8Array() }
  throw new AetherError('unavailable', `The object "${key}" was replaced while it was read`)
}
