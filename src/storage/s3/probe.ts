// Finds out at the start what a service can do, by trying: whether this hub may read, write and delete, and which
// conditions are kept. A service that does not know a condition ignores it without a word, and hubs would then lose each
// other's tags.
import { randomBytes } from 'node:crypto'
import { AetherError, type ErrorCode } from '../../core/errors.ts'
import { mayRetry, type RetryPolicy, retry } from '../../core/retry.ts'
import type { PutOptions } from '../storage.ts'
import { isUndone } from '../undone.ts'
import { explain, nameOfRefusal, statusOf } from './explain.ts'
import { getObject } from './read-object.ts'
import type { S3Bucket } from './s3-bucket.ts'
import { deleteObject, putObject, removeMatching } from './write-object.ts'

/** What the service can do. */
export interface Abilities {
  /** Keeps If-None-Match and If-Match on PUT. */
  conditionalPuts: boolean
  /** Keeps If-Match on DELETE. */
  conditionalDeletes: boolean
  quotedTags: boolean
  checksums: boolean
}

/** Keys cannot begin with ".", so no list shows what a hub left here that was killed in the middle. */
const FOLDER = '.probe'
/** Looks like one. */
const NO_VERSION = '0'.repeat(32)

/**
 * What was surely not done is done again by itself, anything else from the start and under another name. A step is given
 * some seconds: there are services that take one write a second of one object.
 */
const OF_STEP: RetryPolicy = { attempts: 6, firstDelay: 200, mayRetry: isUndone }
const OF_PROBE: RetryPolicy = { attempts: 4, mayRetry: (error) => mayRetry(error) && !isUndone(error) }

/** @throws {AetherError} what keeps a hub from working with this store */
export async function probe(s3: S3Bucket): Promise<Abilities> {
  const probeWith = (checksums: boolean) => retry(() => probeObject({ ...s3, checksums }, newKey()), OF_PROBE)
  // Some services do not take headers that they do not know.
  return probeWith(true).catch((error: unknown) => {
    if (!isIncapable(error)) throw error
    return probeWith(false)
  })
}

/** Whether it can be read. @throws {AetherError} */
export async function probeReading(s3: S3Bucket): Promise<void> {
  await retry(() => probeMissing(s3, newKey(), 'not-found'), OF_PROBE)
}

function newKey(): string {
  return `${FOLDER}/${randomBytes(12).toString('hex')}`
}

async function probeObject(s3: S3Bucket, key: string): Promise<Abilities> {
  await probeMissing(s3, key, 'invalid') // what the operator wrote names no store
  const abilities = await probeConditions(s3, key)
  await step(s3, 'delete from', () => deleteObject(s3, key, {}))
  return { ...abilities, checksums: s3.checksums }
}

/** With too few rights S3 forbids what is not there: it does not say that there is nothing. */
async function probeMissing(s3: S3Bucket, key: string, withoutBucket: ErrorCode): Promise<void> {
  try {
    await step(s3, 'read from', () => getObject(s3, key, {}))
  } catch (error) {
    if (!(error instanceof AetherError)) throw error
    const { code, message, hint, cause } = error
    if (nameOfRefusal(cause) === 'NoSuchBucket') throw new AetherError(withoutBucket, message, { hint, cause })
    if (code !== 'not-found') throw error
  }
}

type Conditions = Omit<Abilities, 'checksums'>
const NONE: Conditions = { conditionalPuts: false, conditionalDeletes: false, quotedTags: true }

/** Answers as soon as one condition is not kept: a store needs all those on PUT, or has to do without any. */
async function probeConditions(s3: S3Bucket, key: string): Promise<Conditions> {
  const put = (text: string, options: PutOptions, quotedTags = true) =>
    unless(
      'conflict',
      step(s3, 'write to', () => putObject({ ...s3, quotedTags }, key, Buffer.from(text), options)),
    )

  try {
    if ((await put('0', { ifMatch: NO_VERSION })) !== undefined) return NONE
    const first = await put('1', { ifAbsent: true })
    if (first === undefined || (await put('2', { ifAbsent: true })) !== undefined) return NONE
    const ifMatch = first.version
    const quoted = await put('2', { ifMatch }, true)
    const second = quoted ?? (await put('2', { ifMatch }, false))
    if (second === undefined) return NONE
    const quotedTags = quoted !== undefined
    if ((await put('3', { ifMatch }, quotedTags)) !== undefined) return NONE // it is of another version now
    const versions = { stale: ifMatch, present: second.version }
    return {
      conditionalPuts: true,
      conditionalDeletes: await keepsDeletes({ ...s3, quotedTags }, key, versions),
      quotedTags,
    }
  } catch (error) {
    if (s3.checksums || !isIncapable(error)) throw error
    await put('4', {}) // if it takes that, then it was the conditions that it did not take
    return NONE
  }
}

async function keepsDeletes(s3: S3Bucket, key: string, version: { stale: string; present: string }): Promise<boolean> {
  const remove = (one: string) =>
    unless(
      'conflict',
      step(s3, 'delete from', () => removeMatching(s3, key, one).then(() => true)),
    )

  try {
    return (await remove(version.stale)) === undefined && (await remove(version.present)) !== undefined
  } catch (error) {
    if (isIncapable(error)) return false
    throw error
  }
}

function step<T>(s3: S3Bucket, doing: string, work: () => Promise<T>): Promise<T> {
  const failed = `Cannot ${doing} the store "s3://${s3.bucket}/${s3.prefix}"`
  return retry(
    () =>
      work().catch((error: unknown) => {
        throw explain(error, failed)
      }),
    OF_STEP,
  )
}

/** Undefined when it fails in that one way. */
async function unless<T>(code: ErrorCode, call: Promise<T>): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if (error instanceof AetherError && error.code === code) return undefined
    throw error
  }
}

/** The service says that it does not know what it is asked for. */
function isIncapable(error: unknown): boolean {
  return error instanceof AetherError && error.code === 'internal' && [400, 501].includes(statusOf(error.cause) ?? 0)
}
