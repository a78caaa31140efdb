// What kind of source a path names.
import { closeSync, openSync, readSync } from 'node:fs'
import { resolve } from 'node:path'
import { AetherError } from '../../core/errors.ts'
import type { SourceSpec } from '../source.ts'
import { explainSystem, quote } from './offences.ts'
import { lookAt } from './single-file.ts'
import { specialReason } from './special.ts'
import { isTarHeader, TAR_BLOCK } from './tar-header.ts'

type ArchiveKind = Exclude<SourceSpec['kind'], 'folder' | 'file'>

const ENDINGS: [ending: string, kind: ArchiveKind][] = [
  ['.tar.gz', 'tar.gz'],
  ['.tgz', 'tar.gz'],
  ['.tar.zst', 'tar.zst'],
  ['.tzst', 'tar.zst'],
  ['.tar', 'tar'],
  ['.zip', 'zip'],
]

/**
 * Archives go by their name and by how they begin; every other file is pushed as it is.
 * @throws {AetherError} `not-found`, or `source` for what cannot be pushed.
 */
export async function detectSource(path: string): Promise<SourceSpec> {
  const absolute = resolve(path)
  const stat = lookAt(absolute)
  if (stat.isDirectory()) return { kind: 'folder', path: absolute }
  if (!stat.isFile()) {
    const reason = specialReason(stat.mode) ?? 'it is neither file nor folder'
    throw new AetherError('source', `Cannot push ${quote(path)}: ${reason}`, {
      hint: 'Push a folder, a file or an archive',
    })
  }
  const kind = kindByName(absolute)
  if (kind !== undefined) checkBeginning(absolute, kind)
  return { kind: kind ?? 'file', path: absolute }
}

function kindByName(path: string): ArchiveKind | undefined {
  const name = path.toLowerCase()
  return ENDINGS.find(([ending]) => name.endsWith(ending))?.[1]
}

const WORDS: Record<ArchiveKind, string> = {
  tar: 'a tar archive',
  'tar.gz': 'gzip data',
  'tar.zst': 'zstd data',
  zip: 'a zip archive',
}

function checkBeginning(path: string, kind: ArchiveKind): void {
  const found = kindByBytes(readBeginning(path))
  if (found === kind) return
  const instead = found === undefined ? 'does not begin as one' : `begins as ${WORDS[found]}`
  throw new AetherError('source', `${quote(path)} is named as ${WORDS[kind]} but ${instead}`, {
    hint: 'Give it the name of what it is; under a name that is no archive it is pushed as a single file',
  })
}

/** What some first bytes are the beginning of. */
function kindByBytes(bytes: Buffer): ArchiveKind | undefined {
  const magic = bytes.toString('hex', 0, 4)
  if (magic.startsWith('1f8b08')) return 'tar.gz'
  if (magic === '28b52ffd' || /^5.2a4d18$/.test(magic)) return 'tar.zst' // the second is a frame to be skipped
  if (magic === '504b0304' || magic === '504b0506') return 'zip' // the second is one without entries
  return isTarHeader(bytes) || isZeroBlock(bytes) ? 'tar' : undefined
}

/** How a tar archive without entries begins. */
function isZeroBlock(bytes: Buffer): boolean {
  return bytes.length === TAR_BLOCK && bytes.every((byte) => byte === 0)
}

function readBeginning(path: string): Buffer {
  const bytes = Buffer.alloc(TAR_BLOCK)
  try {
    const fd = openSync(path, 'r')
    try {
      return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, 0))
    } finally {
      closeSync(fd)
    }
  } catch (cause) {
    const { reason, hint } = explainSystem(cause)
    throw new AetherError('source', `Cannot read ${quote(path)}: ${reason}`, { hint, cause })
  }
}
