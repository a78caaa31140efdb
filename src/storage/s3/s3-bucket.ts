// What all operations of a store in S3 share: where it is, how it is asked, and how its objects are described.
import type { S3Client } from '@aws-sdk/client-s3'
import type { ObjectInfo } from '../storage.ts'
import { strangeAnswer } from './explain.ts'
import type { S3Options } from './s3-url.ts'

export interface S3Bucket {
  client: S3Client
  bucket: string
  /** "" or with a slash at its end. */
  prefix: string
  encryption: S3Options['encryption']
  /** If-Match has to be sent with quotes around the tag; Ceph RGW 16 wants it without. */
  quotedTags: boolean
  /** The service takes the SHA-256 of an object in a header of its own, and keeps it. */
  checksums: boolean
}

/** Where an object of the store is in S3. */
export function placeOf({ bucket, prefix }: S3Bucket, key: string): { Bucket: string; Key: string } {
  return { Bucket: bucket, Key: prefix + key }
}

/** The version of an object as If-Match wants it. */
export function tagOf({ quotedTags }: S3Bucket, version: string): string {
  return quotedTags ? `"${version}"` : version
}

/** False for what no answer of S3 can have been, and for what would not be one header. */
export function isVersion(version: string): boolean {
  return /^[\x21\x23-\x7e]{1,256}$/.test(version) && version !== '*'
}

interface Described {
  ETag?: string
  LastModified?: Date
}

/** @throws {AetherError} `unavailable` when the answer lacks what S3 always says. */
export function infoOf(key: string, size: number | undefined, { ETag, LastModified }: Described): ObjectInfo {
  const version = versionOf(ETag)
  // To the second: lists of some services are more exact than their other answers.
  const modified = Math.floor((LastModified?.getTime() ?? Number.NaN) / 1000) * 1000
  if (Number.isNaN(modified)) throw strangeAnswer(`it does not say when "${key}" was written`)
  if (size === undefined || !Number.isSafeInteger(size) || size < 0)
    throw strangeAnswer(`it does not say how long "${key}" is`)
  return { key, size, modified, version }
}

/** The tag without its quotes, which services treat in different ways. */
function versionOf(tag: string | undefined): string {
  const version = tag?.replace(/^W\//, '').replaceAll('"', '') ?? ''
  if (!isVersion(version)) throw strangeAnswer('it has no ETag')
  return version
}
