// Who sends a request to the S3 door.
import type { Caller } from '../../hub/hub.ts'
import type { Exchange } from '../exchange.ts'
import { S3Error } from './s3-error.ts'
import { checkSignature } from './signature.ts'
import { signatureParts } from './signature-parts.ts'

export interface S3Credential {
  secret: string
  /** For whom requests are made that are signed with it. */
  caller: Caller
}

/** What belongs to an access key; undefined for one that there is not. */
export type LookUpCredential = (accessKeyId: string) => S3Credential | undefined | Promise<S3Credential | undefined>

/**
 * The caller whose signature a request carries, or whoever the server says it is.
 * @param lookUp without it there are no keys, and nobody has more rights than another: then signatures are not looked at, so
 * that clients which cannot but sign are served
 * @throws {S3Error}
 */
export async function callerOf(exchange: Exchange, lookUp: LookUpCredential | undefined, now: number): Promise<Caller> {
  const { req, method, path, query, authority } = exchange
  const parts = lookUp && signatureParts(req.headers, query)
  if (lookUp === undefined || parts === undefined) {
    if (exchange.refusal !== undefined) throw exchange.refusal
    return exchange.caller
  }
  const credential = await lookUp(parts.accessKeyId)
  if (credential === undefined) throw new S3Error('InvalidAccessKeyId', `There is no access key "${parts.accessKeyId}"`)
  checkSignature({ method, path, query, authority, headers: req.headers }, parts, credential.secret, now)
  return credential.caller
}
