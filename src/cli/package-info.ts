// What package.json says of this program. The same place seen from src/cli and from dist/cli.
import { readFileSync } from 'node:fs'

export interface PackageInfo {
  version: string
  /** Where defects are reported. */
  bugs: string | undefined
}

export function readPackageInfo(): PackageInfo {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  const { version = '0.0.0', bugs } = JSON.parse(text) as { version?: string; bugs?: string | { url?: string } }
  return { version, bugs: typeof bugs === 'string' ? bugs : bugs?.url }
}
