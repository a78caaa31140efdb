// Folders of the XDG Base Directory Specification. A relative path in a variable is to be ignored, so it is.
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

type Environment = Readonly<Record<string, string | undefined>>

/** Settings of the user. */
export function configFolder(env: Environment): string {
  return folder(env, 'XDG_CONFIG_HOME', '.config')
}

/** Data that must stay: the embedded store. */
export function dataFolder(env: Environment): string {
  return folder(env, 'XDG_DATA_HOME', join('.local', 'share'))
}

/** What may be lost at any time. */
export function cacheFolder(env: Environment): string {
  return folder(env, 'XDG_CACHE_HOME', '.cache')
}

function folder(env: Environment, variable: string, below: string): string {
  const set = env[variable]
  const base = set && isAbsolute(set) ? set : join(env.HOME || homedir(), below)
  return join(base, 'aetherfs')
}
