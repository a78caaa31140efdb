// Scenarios: text files that show commands and what they print. `$` begins a command, `>` a line of stdout, `!` one of
// stderr, `=` the exit code when it is not 0, `#` a comment. `[..]` stands for anything, `$DIR` for the scenario's folder.

export interface Step {
  line: number
  command: string
  stdout: string[]
  stderr: string[]
  exit: number
}

/** What a command did. */
export interface Outcome {
  stdout: string
  stderr: string
  exit: number
}

export function parseScenario(text: string): Step[] {
  const steps: Step[] = []
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '' || line.startsWith('#')) continue
    if (line.startsWith('$ ')) steps.push({ line: index + 1, command: line.slice(2), stdout: [], stderr: [], exit: 0 })
    else addExpectation(steps.at(-1), line, index + 1)
  }
  if (steps.length === 0) throw new SyntaxError('A scenario without a command tests nothing')
  return steps
}

function addExpectation(step: Step | undefined, line: string, number: number): void {
  const [, mark, rest = ''] = /^([>!=])(?: (.*))?$/.exec(line) ?? []
  if (step === undefined || mark === undefined)
    throw new SyntaxError(`Cannot read line ${number} of a scenario: "${line}"`)
  if (mark === '>') step.stdout.push(rest)
  else if (mark === '!') step.stderr.push(rest)
  else step.exit = Number(rest)
}

/** What was different, as a scenario shows it; undefined when all is as expected. */
export function difference(step: Step, outcome: Outcome, folder: string): string | undefined {
  const stdout = linesOf(outcome.stdout, folder)
  const stderr = linesOf(outcome.stderr, folder)
  const same = matchAll(step.stdout, stdout) && matchAll(step.stderr, stderr) && step.exit === outcome.exit
  if (same) return undefined
  const actual = [...stdout.map((line) => `> ${line}`), ...stderr.map((line) => `! ${line}`), `= ${outcome.exit}`]
  return `line ${step.line}: this is what happened:\n$ ${step.command}\n${actual.join('\n')}\n`
}

function linesOf(text: string, folder: string): string[] {
  const lines = text.replaceAll(folder, '$DIR').split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

function matchAll(patterns: readonly string[], lines: readonly string[]): boolean {
  return patterns.length === lines.length && patterns.every((pattern, i) => matches(pattern, lines[i]!))
}

function matches(pattern: string, line: string): boolean {
  return new RegExp(`^${pattern.split('[..]').map(escapeRegExp).join('.*')}$`, 's').test(line)
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
