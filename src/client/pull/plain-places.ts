// Where a pull into a plain folder builds it and puts it, and what it says when something is in the way.
import { basename, dirname, join } from 'node:path'
import { AetherError } from '../../core/errors.ts'
import { createProcessLock, type ProcessLock } from '../../storage/process-lock.ts'

export interface Places {
  folder: string
  incoming: string
  root: string
}

export function placesOf(folder: string): Places {
  const incoming = join(dirname(folder), `.${basename(folder)}.aetherfs-incoming`)
  return { folder, incoming, root: join(incoming, 'files') }
}

export function lockOf(incoming: string): ProcessLock {
  return createProcessLock(join(incoming, 'lock'))
}

export function notVacant(folder: string, reason: string): AetherError {
  return new AetherError('conflict', `Cannot write to "${folder}": it ${reason}`, {
    hint: 'Name a folder that is not there yet; "aetherfs verify <folder> <reference>" tells what is in this one',
  })
}
