// Which form of a folder is asked for: ?format=…, or what the Accept header prefers; HTML for who says nothing.
import { AetherError } from '../../../core/errors.ts'

export type FolderFormat = 'html' | 'json'

/** @throws {AetherError} `invalid` */
export function folderFormat(query: URLSearchParams, accept: string | undefined): FolderFormat {
  const format = query.get('format')
  if (format === 'html' || format === 'json') return format
  if (format !== null) throw new AetherError('invalid', `Cannot show a folder as "${format}": it is html or json`)
  return quality(accept, 'application/json') > quality(accept, 'text/html') ? 'json' : 'html'
}

/** The weight that a header gives to just this type, from 0 to 1; what has a "*" prefers nothing. RFC 9110, section 12.5.1. */
export function quality(accept: string | undefined, type: string): number {
  for (const item of (accept ?? '').split(',')) {
    const [name = '', ...parameters] = item.split(';').map((text) => text.trim().toLowerCase())
    if (name !== type) continue
    const weight = parameters.find((parameter) => parameter.startsWith('q='))
    const q = weight === undefined ? 1 : Number(weight.slice(2))
    return q >= 0 && q <= 1 ? q : 0
  }
  return 0
}

export interface FolderPage {
  /** Token of the last entry that the client has. */
  after: string | undefined
  /** Entries at most; undefined for all. */
  limit: number | undefined
}

/** @throws {AetherError} `invalid` */
export function folderPage(query: URLSearchParams): FolderPage {
  const limit = query.get('limit')
  if (limit !== null && !/^[1-9]\d{0,8}$/.test(limit))
    throw new AetherError('invalid', `Cannot take "${limit}" as limit: it is a whole number from 1 on`)
  return { after: query.get('after') ?? undefined, limit: limit === null ? undefined : Number(limit) }
}
