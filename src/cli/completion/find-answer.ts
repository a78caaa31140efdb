// What could stand at the cursor: a verb, an option, the value of one, or an operand.
import type { Command, Option } from 'commander'
import { createProgram } from '../program.ts'
import { LOG_LEVELS } from '../settings/settings.ts'
import { VERBS } from '../verbs.ts'
import { type Answer, type Candidate, SHELLS } from './shell-scripts.ts'

/** Finds references that begin with `word`. @param host what `--host` says on the line that is completed */
export type FindReferences = (word: string, host: string | undefined) => Promise<Candidate[]>

/** Arguments and options whose value is a reference, by their names. */
const REFERENCES = new Set(['reference', 'references', 'from', 'to', 'before', 'after', 'tag', 'base'])
const FILES = new Set([
  'source',
  'target',
  'folder',
  'output',
  'ca',
  'config',
  'cache-dir',
  'storage',
  'tls-cert',
  'tls-key',
])

/** @param words all after the program's name; the last is the one at the cursor and may be empty */
export async function findAnswer(words: readonly string[], findReferences: FindReferences): Promise<Answer> {
  const word = words.at(-1) ?? ''
  const line = await readLine(words.slice(0, -1))
  const [, flag, value] = /^(--[a-z-]+)=(.*)$/s.exec(word) ?? []
  const option = line.waiting ?? (flag === undefined ? undefined : findOption(line.command, flag))
  const answer = (name: string, text: string) => valueAnswer(name, text, (start) => findReferences(start, line.host))
  if (option !== undefined) return answer(option.name(), value ?? word)
  if (word.startsWith('-') && !line.optionsEnded) return plainAnswer(optionCandidates(line.command), word)
  if (line.command.parent === null) return plainAnswer(verbCandidates(), word)
  const all = line.command.registeredArguments
  const argument = all[line.operands] ?? (all.at(-1)?.variadic ? all.at(-1) : undefined)
  return argument === undefined ? plainAnswer([], word) : answer(argument.name(), word)
}

interface Line {
  /** The verb's command, or the root while there is no verb. */
  command: Command
  /** Operands before the cursor. */
  operands: number
  /** The option before the cursor, when it waits for its value. */
  waiting: Option | undefined
  optionsEnded: boolean
  host: string | undefined
}

async function readLine(before: readonly string[]): Promise<Line> {
  const line: Line = {
    command: createProgram(new Map()),
    operands: 0,
    waiting: undefined,
    optionsEnded: false,
    host: undefined,
  }
  for (const word of before) {
    if (line.waiting !== undefined) takeValue(line, line.waiting, word)
    else if (word === '--') line.optionsEnded = true
    else if (word.startsWith('-') && word.length > 1 && !line.optionsEnded) takeOption(line, word)
    else if (line.command.parent !== null) line.operands++
    else line.command = (await loadVerb(word)) ?? line.command
  }
  // The output folder takes the place of the first operand.
  return line
}

function takeOption(line: Line, word: string): void {
  const [name = '', value] = word.split(/=(.*)/s)
  const option = findOption(line.command, name)
  if (option === undefined || !option.required) return
  if (value === undefined) line.waiting = option
  else takeValue(line, option, value)
}

function takeValue(line: Line, option: Option, value: string): void {
  line.waiting = undefined
  if (option.name() === 'host') line.host = value
  if (option.name() === 'output') line.operands++ // `pull -o FOLDER` has no target operand
}

async function loadVerb(name: string): Promise<Command | undefined> {
  const entry = VERBS.find((verb) => verb.name === name)
  if (entry === undefined) return undefined
  return createProgram(new Map([[name, await entry.load()]])).commands.find((command) => command.name() === name)
}

function findOption(command: Command, flag: string): Option | undefined {
  return command.options.find(({ long, short }) => flag === long || flag === short)
}

async function valueAnswer(
  name: string,
  word: string,
  findReferences: (word: string) => Promise<Candidate[]>,
): Promise<Answer> {
  if (REFERENCES.has(name)) return plainAnswer(await findReferences(word), word)
  if (FILES.has(name)) return { candidates: [], files: true }
  if (name === 'log-level') return plainAnswer(asCandidates(LOG_LEVELS), word)
  if (name === 'shell') return plainAnswer(asCandidates(SHELLS), word)
  return plainAnswer([], word)
}

function plainAnswer(candidates: readonly Candidate[], word: string): Answer {
  return { candidates: candidates.filter(({ value }) => value.startsWith(word)), files: false }
}

function asCandidates(values: readonly string[]): Candidate[] {
  return values.map((value) => ({ value, description: '' }))
}

function verbCandidates(): Candidate[] {
  return VERBS.filter(({ hidden }) => !hidden).map(({ name, summary }) => ({ value: name, description: summary }))
}

function optionCandidates(command: Command): Candidate[] {
  const options = command.createHelp().visibleOptions(command)
  return options.flatMap(({ long, description }) =>
    long ? [{ value: long, description: description.replace(/ \(env: .*/, '') }] : [],
  )
}
