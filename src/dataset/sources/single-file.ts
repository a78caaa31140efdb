// A single file as a source: one entry, named for the file.
import { type Stats, statSync } from 'node:fs'
import { basename } from 'node:path'
import { AetherError, systemCode } from '../../core/errors.ts'
import { createEntryTable } from '../entry-table.ts'
import type { SourceListing } from '../source.ts'
import { createOffences, explainSystem, pathReason, quote } from './offences.ts'
import { fileEntry } from './walk.ts'

/** Filters do not apply: they choose among what is in a folder, and this file was named outright. Links are followed. */
export function listFile(path: string): SourceListing {
  const now = Date.now()
  const stat = lookAt(path)
  if (!stat.isFile()) throw new AetherError('source', `${quote(path)} is no regular file`)
  const name = basename(path)
  const reason = pathReason(name)
  const offences = createOffences()
  if (reason !== undefined) offences.add(name, reason, 'Rename the file')
  offences.throwIfAny()
  const entries = createEntryTable()
  entries.add(fileEntry(name, stat, now))
  return { entries: entries.finish('as added'), skipped: [] }
}

/** What a path leads to. @throws {AetherError} `not-found` or `source`. */
export function lookAt(path: string): Stats {
  try {
    return statSync(path)
  } catch (cause) {
    const code = systemCode(cause)
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new AetherError('not-found', `There is no ${quote(path)}`, { cause })
    const { reason, hint } = explainSystem(cause)
    throw new AetherError('source', `Cannot read ${quote(path)}: ${reason}`, { hint, cause })
  }
}
