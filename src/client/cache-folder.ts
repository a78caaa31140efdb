// Where a client keeps what may be lost at any time.
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/** $XDG_CACHE_HOME/aetherfs, or ~/.cache/aetherfs. Relative values are ignored, as the XDG specification asks. */
export function defaultCacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const { XDG_CACHE_HOME = '' } = env
  return join(isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(homedir(), '.cache'), 'aetherfs')
}
