// A file of a snapshot, under the hash that its listing has for it; for every door that speaks HTTP.
import { fileBytes } from '../dataset/archive/file-bytes.ts'
import type { ReadableTree, TreeFile } from '../dataset/tree/readable-tree.ts'
import type { Headers } from './answer.ts'
import { ASK_ANEW, FOR_EVER } from './cache-control.ts'
import { policyFor } from './content-policy.ts'
import { contentTypeOf } from './content-type.ts'
import type { Exchange } from './exchange.ts'
import { sendPart } from './send-part.ts'

export interface SendFileOptions {
  /** Nothing else can ever be at this address. */
  immutable: boolean
  /** Further ones. */
  headers?: Headers
}

export function sendFile(
  exchange: Exchange,
  tree: ReadableTree,
  file: TreeFile,
  { immutable, headers = {} }: SendFileOptions,
): Promise<void> {
  const { hash, size, name } = file
  const contentType = contentTypeOf(name)
  const pieces = (range: { offset: number; length: number }) =>
    fileBytes(tree, file, range, { signal: exchange.signal })
  return sendPart(exchange, {
    size,
    etag: etagOf(file),
    cacheControl: immutable ? FOR_EVER : ASK_ANEW,
    contentType,
    modified: modifiedOf(file),
    immutable,
    headers: { ...digestsOf(hash), ...policyFor(contentType), ...headers },
    read: (range, use) => use(pieces(range ?? { offset: 0, length: size })),
    pieces,
  })
}

/** The entity tag of a file, with its quotes. */
export function etagOf({ hash }: Pick<TreeFile, 'hash'>): string {
  return `"${hash}"`
}

/** Of the whole file, also where a range is sent: RFC 9530, section 3; and the older RFC 3230, which more clients know. */
function digestsOf(hash: string): Headers {
  const base64 = Buffer.from(hash, 'hex').toString('base64')
  return { 'repr-digest': `sha-256=:${base64}:`, digest: `sha-256=${base64}` }
}

/** Not after now, which a server may not say. */
function modifiedOf({ modifiedMicros }: TreeFile): Date {
  return new Date(Math.floor(Math.min(modifiedMicros / 1000, Date.now()) / 1000) * 1000)
}
