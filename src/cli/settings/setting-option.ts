// Settings as options of commander. Commander only collects their text; load-settings.ts reads it, so that flags, the
// environment and the file are read by the same rules and `undefined` means "not given".
import { type Command, Option } from 'commander'
import type { Flags, FlagValue } from './load-settings.ts'
import { environmentName, GLOBAL_KEYS, SETTING_KEYS, SETTINGS, type Setting, type SettingKey } from './settings.ts'

const GLOBAL_GROUP = 'Global options:'

export function settingOption(key: SettingKey): Option {
  const setting: Setting<unknown> = SETTINGS[key]
  const option = new Option(setting.flags, `${setting.description} ${notes(key, setting)}`)
  if (setting.kind.repeats) option.argParser(collect)
  return GLOBAL_KEYS.includes(key) ? option.helpGroup(GLOBAL_GROUP) : option
}

/** `--config` is no setting itself: it says where settings are. */
export function configOption(): Option {
  return new Option(
    '--config <file>',
    'read settings from this file (env: AETHERFS_CONFIG, default: $XDG_CONFIG_HOME/aetherfs/config.yaml)',
  ).helpGroup(GLOBAL_GROUP)
}

/** For options that may be given several times. */
export function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value]
}

/** What was given on the command line. Commander itself sets a default for `--no-…`, hence the look at the source. */
export function givenFlags(command: Command): Flags {
  const flags = new Map<SettingKey, FlagValue>()
  for (const key of SETTING_KEYS) {
    const name = new Option(SETTINGS[key].flags).attributeName()
    const owner = command.options.find((option) => option.flags === SETTINGS[key].flags)
    if (owner !== undefined && command.getOptionValueSource(name) === 'cli')
      flags.set(key, command.getOptionValue(name) as FlagValue)
  }
  return flags
}

function notes(key: SettingKey, { value, defaultText }: Setting<unknown>): string {
  const standard =
    defaultText ?? (typeof value === 'boolean' || (Array.isArray(value) && value.length === 0) ? undefined : value)
  return `(env: ${environmentName(key)}${standard === undefined ? '' : `, default: ${standard}`})`
}
