// Puts the settings of one call together: flags over environment over configuration file over defaults.
import { usageError } from '../errors/usage-error.ts'
import { readConfigFile } from './config-file.ts'
import type { Kind } from './kinds.ts'
import { environmentName, SETTING_KEYS, SETTINGS, type SettingKey, type Settings } from './settings.ts'

/** What stood on the command line: text, or several, or true and false for flags without a value. */
export type FlagValue = string | string[] | boolean
export type Flags = ReadonlyMap<SettingKey, FlagValue>

export interface SettingSources {
  flags: Flags
  env: Readonly<Record<string, string | undefined>>
  /** What `--config` named. */
  configFile: string | undefined
  /** False for commands that must work with a broken configuration file. */
  readsFile: boolean
}

export async function loadSettings({ flags, env, configFile, readsFile }: SettingSources): Promise<Settings> {
  const file = readsFile
    ? await readConfigFile(configFile ?? (env.AETHERFS_CONFIG || undefined), env)
    : new Map<string, unknown>()
  const choose = (key: SettingKey) =>
    fromFlag(key, flags.get(key)) ?? fromEnvironment(key, env) ?? file.get(key) ?? SETTINGS[key].value
  return Object.fromEntries(SETTING_KEYS.map((key) => [key, choose(key)])) as Settings
}

function fromFlag(key: SettingKey, value: FlagValue | undefined): unknown {
  const { bare }: Kind<unknown> = SETTINGS[key].kind
  if (value === true && bare !== undefined) return bare
  if (value === undefined || typeof value === 'boolean') return value
  if (Array.isArray(value)) return value.flatMap((text) => read(key, text, longFlag(key)))
  return read(key, value, longFlag(key))
}

/** An empty variable counts as not set, as usual in shells. */
function fromEnvironment(key: SettingKey, env: SettingSources['env']): unknown {
  const name = environmentName(key)
  const text = env[name]
  return text === undefined || text === '' ? undefined : read(key, text, name)
}

function read(key: SettingKey, text: string, where: string): unknown {
  try {
    if (text === '') throw new SyntaxError('it is empty')
    return SETTINGS[key].kind.read(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    const { example } = SETTINGS[key].kind
    throw usageError(`Cannot use "${text}" for ${where}: ${error.message}`, example && `For example ${example}`)
  }
}

function longFlag(key: SettingKey): string {
  return /--[a-z-]+/.exec(SETTINGS[key].flags)?.[0] ?? key
}
