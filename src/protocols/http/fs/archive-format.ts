// The forms in which a whole folder is sent, and under which name it is saved.
import { AetherError } from '../../../core/errors.ts'
import type { Headers } from '../../answer.ts'

export const ARCHIVE_FORMATS = ['tar.zst', 'tar', 'zip'] as const
export type ArchiveFormat = (typeof ARCHIVE_FORMATS)[number]

const TYPES = {
  tar: 'application/x-tar',
  'tar.zst': 'application/zstd',
  zip: 'application/zip',
} as const satisfies Record<ArchiveFormat, string>

/** Undefined when none is asked for. @throws {AetherError} `invalid` */
export function archiveFormat(query: URLSearchParams): ArchiveFormat | undefined {
  const format = query.get('archive')
  if (format === null) return undefined
  const known = ARCHIVE_FORMATS.find((name) => name === format)
  if (known) return known
  throw new AetherError('invalid', `Cannot make an archive "${format}": it is one of ${ARCHIVE_FORMATS.join(', ')}`)
}

export function archiveHeaders(path: readonly string[], format: ArchiveFormat): Headers {
  return { 'content-type': TYPES[format], 'content-disposition': attachment(`${baseName(path)}.${format}`) }
}

/** Dataset and tag, and the folder in them: "geo-v1-maps". */
function baseName(path: readonly string[]): string {
  return path.join('-').replace(/^@/, '').slice(0, 100)
}

/** RFC 6266: a name that every system takes, and the real one for those who know how. */
function attachment(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9._+-]+/g, '_').replace(/^[._]+/, '')
  const full = encodeURIComponent(name.toWellFormed()).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)
  return `attachment; filename="${plain}"${plain === name ? '' : `; filename*=UTF-8''${full}`}`
}
