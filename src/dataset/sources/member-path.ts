// Paths as archives write them, brought into the form that a snapshot has.
import { pathReason } from './offences.ts'

/** The path, "" for the root itself, or why it cannot be taken. */
export type MemberPath = { path: string; fault?: undefined } | { path: string; fault: string }

/** Leading "./", doubled slashes and the slash behind a folder go; what climbs or starts at the root is refused. */
export function memberPath(written: string): MemberPath {
  if (written.startsWith('/')) return { path: written, fault: 'it is absolute' }
  const parts = written.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) return { path: written, fault: 'a part of it is ".."' }
  const path = parts.join('/')
  const fault = path === '' ? undefined : pathReason(path)
  return fault === undefined ? { path } : { path: written, fault }
}
