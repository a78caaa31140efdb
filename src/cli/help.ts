// The end of every verb's help: examples and exit codes.
import { EXIT, EXIT_MEANING, type ExitCode } from './errors/exit-codes.ts'
import type { Verb } from './verb.ts'

export function helpEnd(verb: Verb): string {
  return `\nExamples:\n${exampleLines(verb)}\n\nExit codes:\n${exitLines(verb)}`
}

function exampleLines({ examples }: Verb): string {
  const width = Math.max(...examples.map(([line]) => line.length))
  return examples.map(([line, meaning]) => `  $ ${line.padEnd(width)}   ${meaning}`).join('\n')
}

function exitLines({ exits }: Verb): string {
  const codes = new Set<ExitCode>([EXIT.ok, EXIT.other, EXIT.usage, ...exits, EXIT.interrupted])
  return [...codes]
    .sort((a, b) => a - b)
    .map((code) => `  ${String(code).padEnd(4)} ${EXIT_MEANING[code]}`)
    .join('\n')
}
