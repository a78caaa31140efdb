// Continuation tokens: where a listing ended, opaque to clients. A forged one shows nothing that its sender could not ask for.
import { z } from 'zod'
import { formatDigest, parseDigest } from '../../core/id.ts'
import type { Behind, KeyItem } from './keys.ts'
import { S3Error } from './s3-error.ts'

const TOKEN = z.tuple([z.string(), z.boolean(), z.string()])

export function tokenBehind({ kind, text, digest }: KeyItem): string {
  return Buffer.from(JSON.stringify([text, kind === 'prefix', formatDigest(digest)])).toString('base64url')
}

/** @throws {S3Error} */
export function parseToken(token: string): Behind {
  try {
    const [text, isWhole, digest] = TOKEN.parse(JSON.parse(Buffer.from(token, 'base64url').toString()))
    return { text, isWhole: isWhole && text !== '', digest: parseDigest(digest) }
  } catch (cause) {
    throw new S3Error('InvalidArgument', 'The continuation token is not one that was given here', { cause })
  }
}
