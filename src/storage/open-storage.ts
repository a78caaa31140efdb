// From what an operator writes to the store that it names.
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AetherError } from '../core/errors.ts'
import { createFolderStorage } from './folder.ts'
import { createMemoryStorage } from './memory.ts'
import { readOnlyStorage } from './read-only.ts'
import { parseS3Url } from './s3/s3-url.ts'
import type { Storage } from './storage.ts'

export interface OpenStorageOptions {
  /** Opens what is there, to look at: nothing is made, tried or cleaned up. A store that is not there is `not-found`. */
  readOnly?: boolean
  /**
   * Nobody else writes to the store, so that a service may do which keeps no conditions on writes (S3 only).
   * @default false
   */
  singleWriter?: boolean
}

/**
 * Opens "memory:", "file:///absolute/path", a plain path or "s3://bucket/prefix"; a folder that is not there is made.
 * @throws {AetherError} `invalid` when `url` names no store, and what opening the store throws.
 */
export async function openStorage(url: string, options: OpenStorageOptions = {}): Promise<Storage> {
  const { readOnly = false } = options
  if (/^s3:/i.test(url)) return openS3(url, options)
  if (url === 'memory:' && readOnly) throw notAStore(url, 'a store in memory is in its hub, and nowhere else')
  if (url === 'memory:') return createMemoryStorage()
  const path = folderOf(url)
  if (path === '') throw notAStore(url, 'it is empty')
  if (path.includes('\0')) throw notAStore(url, 'it has a NUL character')
  const storage = await createFolderStorage(resolve(path), { readOnly })
  return readOnly ? readOnlyStorage(storage) : storage
}

async function openS3(url: string, { readOnly = false, singleWriter }: OpenStorageOptions): Promise<Storage> {
  const place = parseS3Url(url)
  const { createS3Storage } = await import('./s3.ts') // with the AWS SDK, which nothing else needs
  const storage = await createS3Storage({ ...place, readOnly, singleWriter })
  return readOnly ? readOnlyStorage(storage) : storage
}

function folderOf(url: string): string {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase()
  if (scheme === undefined) return url
  if (scheme === 'file') return folderOfFileUrl(url)
  if (scheme === 'memory') throw notAStore(url, 'a store in memory has no name', 'Write "memory:"')
  throw notAStore(url, `there is no store of the kind "${scheme}:"`)
}

function folderOfFileUrl(url: string): string {
  checkFileUrl(url, url.slice('file:'.length))
  try {
    return fileURLToPath(url)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw notAStore(url, `its path cannot be decoded: ${reason}`, undefined, cause)
  }
}

// By its text, because the URL parser makes an absolute path of a relative one without a word.
function checkFileUrl(url: string, rest: string): void {
  const [, host = '', path = rest] = /^\/\/([^/?#]*)(.*)$/s.exec(rest) ?? []
  if (host.startsWith('.') || !path.startsWith('/')) {
    throw notAStore(url, 'a file URL is absolute', `Write the path alone: ${host}${path}`)
  }
  if (host !== '' && host.toLowerCase() !== 'localhost') {
    throw notAStore(
      url,
      `it names the host "${host}"`,
      `A folder of this machine has three slashes: file:///${host}${path}`,
    )
  }
  if (/[?#]/.test(path))
    throw notAStore(url, 'it has a "?" or a "#"', 'Write "%3F" or "%23" if the folder is called so')
}

function notAStore(url: string, reason: string, hint?: string, cause?: unknown): AetherError {
  return new AetherError('invalid', `Cannot open the store "${url}": ${reason}`, {
    cause,
    hint: hint ?? 'Stores are a path such as ./data, file:///absolute/path, s3://bucket/prefix, and memory:',
  })
}
