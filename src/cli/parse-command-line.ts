// From what the user typed to what is to be done. Commander parses; its errors become ours, with hints.
import { type Command, CommanderError } from 'commander'
import { usageError } from './errors/usage-error.ts'
import { createProgram } from './program.ts'
import type { Flags } from './settings/load-settings.ts'
import { givenFlags } from './settings/setting-option.ts'
import { SETTING_KEYS, SETTINGS } from './settings/settings.ts'
import type { Verb } from './verb.ts'
import { VERBS } from './verbs.ts'

export interface Invocation {
  verb: Verb
  operands: string[]
  /** What commander made of the verb's own options. */
  own: object
  /** Settings given as flags. */
  flags: Flags
  configFile: string | undefined
}

/** Help that the user asked for, or that answers a call without a verb. */
export interface HelpText {
  help: string
  /** True when it answers a wrong call. */
  wrong: boolean
}

/** @throws {AetherError} `invalid` */
export async function parseCommandLine(argv: readonly string[]): Promise<Invocation | HelpText> {
  const asked = askedVerb(argv)
  const entry = VERBS.find(({ name }) => name === asked.name)
  const verb = await entry?.load()
  const program = createProgram(new Map(entry && verb ? [[entry.name, verb]] : []))
  const written: string[] = []
  captureOutput(program, written)
  const command = program.commands.find((one) => one.name() === entry?.name)
  command?.action(() => {})
  try {
    program.parse(asked.argv, { from: 'user' })
  } catch (error) {
    return helpOrThrow(error, written, command)
  }
  if (verb === undefined || command === undefined) return { help: written.join(''), wrong: true }
  return invocation(program, command, verb)
}

/** The verb that is meant, found before it is loaded; `--version` anywhere before a verb means "version". */
function askedVerb(argv: readonly string[]): { name: string | undefined; argv: readonly string[] } {
  const program = createProgram(new Map())
  captureOutput(program, [])
  const { operands, unknown } = parseLeniently(program, argv)
  if (program.getOptionValue('version'))
    return { name: 'version', argv: program.getOptionValue('json') ? ['version', '--json'] : ['version'] }
  return { name: operands[0] === 'help' ? (operands[1] ?? unknown[0]) : operands[0], argv }
}

/** An error here comes again, and is then reported, when the whole line is parsed. */
function parseLeniently(program: Command, argv: readonly string[]): { operands: string[]; unknown: string[] } {
  try {
    return program.parseOptions([...argv])
  } catch {
    return { operands: [], unknown: [] }
  }
}

function captureOutput(program: Command, written: string[]): void {
  const configuration = {
    writeOut: (text: string) => written.push(text),
    writeErr: (text: string) => written.push(text),
    outputError: () => {},
  }
  for (const command of [program, ...program.commands]) command.configureOutput(configuration)
}

function invocation(program: Command, command: Command, verb: Verb): Invocation {
  const config = command.getOptionValue('config') ?? program.getOptionValue('config')
  return {
    verb,
    operands: command.args,
    own: ownOptions(command),
    flags: new Map([...givenFlags(program), ...givenFlags(command)]),
    configFile: typeof config === 'string' ? config : undefined,
  }
}

/** What only this verb has; settings go their own way. */
function ownOptions(command: Command): object {
  const settings = new Set<string>(['--config <file>', ...SETTING_KEYS.map((key) => SETTINGS[key].flags)])
  const own = command.options.filter(({ flags }) => !settings.has(flags)).map((option) => option.attributeName())
  return Object.fromEntries(Object.entries(command.opts()).filter(([name]) => own.includes(name)))
}

function helpOrThrow(error: unknown, written: string[], command: Command | undefined): HelpText {
  if (!(error instanceof CommanderError)) throw error
  if (error.code === 'commander.helpDisplayed' || error.code === 'commander.help')
    return { help: written.join(''), wrong: error.exitCode !== 0 }
  const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n')
  const sentence = message.charAt(0).toUpperCase() + message.slice(1).replaceAll("'", '"').replace(/\.$/, '')
  const help = `aetherfs${command === undefined ? '' : ` ${command.name()}`} --help`
  throw usageError(sentence, suggestion?.replace(/^\((.*)\)$/, '$1') ?? `Type ${help}`)
}
