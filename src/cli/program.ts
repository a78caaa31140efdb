// Builds the commander program. Global options stand before or after the verb: the root and each verb have them.
// Were they the root's alone, it would look for them in the values of the verb's own options too.
import { Command, Option } from 'commander'
import { helpEnd } from './help.ts'
import { configOption, settingOption } from './settings/setting-option.ts'
import { GLOBAL_KEYS } from './settings/settings.ts'
import type { Verb } from './verb.ts'
import { VERBS, type VerbEntry } from './verbs.ts'

export type LoadedVerbs = ReadonlyMap<string, Verb>

/** The program; verbs that are not in `loaded` are there by name and summary only. */
export function createProgram(loaded: LoadedVerbs): Command {
  const program = new Command('aetherfs')
    .description(
      'Docker, but for data: push a folder as a dataset, tag it, pull it anywhere, and move only what changed',
    )
    .usage('[options] <command>')
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .helpCommand('help [command]', 'show help for a command')
    .configureHelp({ helpWidth: 120 })
    .exitOverride()
  program.addOption(new Option('-V, --version', 'show the version of this program'))
  addGlobalOptions(program)
  for (const entry of VERBS)
    program.addCommand(createCommand(entry, loaded.get(entry.name)), { hidden: entry.hidden ?? false })
  return program.addHelpText('after', ROOT_HELP_END)
}

function createCommand(entry: VerbEntry, verb: Verb | undefined): Command {
  const command = new Command(entry.name).description(sentence(entry.summary)).summary(entry.summary)
  command.showSuggestionAfterError().configureHelp({ helpWidth: 120 }).exitOverride()
  if (verb === undefined) return command
  verb.define(command)
  for (const key of verb.settings ?? []) command.addOption(settingOption(key))
  addGlobalOptions(command)
  return command.addHelpText('after', helpEnd(verb))
}

function addGlobalOptions(command: Command): void {
  for (const key of GLOBAL_KEYS) command.addOption(settingOption(key))
  command.addOption(configOption())
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

const ROOT_HELP_END = `
References: [host/][@scope/]name[:tag][@sha256:digest], for example geo, geo:v1, data.example.com/@team/geo:stable

Examples:
  $ aetherfs run                              run a hub on this machine
  $ aetherfs push ./geo -t geo:v1 -t geo      push a folder under a version and under "latest"
  $ aetherfs pull /var/datasets geo:latest    pull it to /var/datasets/geo/latest

"aetherfs help <command>" shows examples and exit codes of a command.`
