// What a user reads when a command fails: what, why and what to do next. No stack unless they ask for it.
import { type AetherError, toAetherError } from '../../core/errors.ts'
import { printable, printableLines } from '../output/printable.ts'
import type { Style } from '../output/style.ts'
import { EXIT, type ExitCode, exitCodes } from './exit-codes.ts'
import { OutputClosed } from './output-closed.ts'

export interface ReportOptions {
  json: boolean
  debug: boolean
  style: Style
  /** Where defects are reported. */
  bugs: string | undefined
  write(line: string): void
}

/** Writes the failure to stderr. @returns the exit code for it. */
export function reportError(thrown: unknown, options: ReportOptions): ExitCode {
  if (thrown instanceof OutputClosed) return EXIT.ok
  const error = toAetherError(thrown)
  const hint = error.hint ?? (isDefect(error) ? defectHint(options.bugs) : undefined)
  if (options.json) options.write(errorJson(error, hint, options.debug))
  else for (const line of errorLines(error, hint, options)) options.write(line)
  return exitCodes[error.code]
}

function errorJson({ code, message, detail, stack }: AetherError, hint: string | undefined, debug: boolean): string {
  return JSON.stringify({ error: { code, message, hint: hint ?? null, detail, ...(debug ? { stack } : {}) } })
}

function errorLines(error: AetherError, hint: string | undefined, { style, debug }: ReportOptions): string[] {
  const lines = [`${style.bad('aetherfs:')} ${printableLines(error.message)}`]
  if (hint !== undefined) lines.push(`${style.strong('hint:')} ${printable(hint)}`)
  if (debug) lines.push(...stacks(error))
  return lines
}

/** The stack of the error and of each error that caused it. */
function stacks(error: unknown): string[] {
  const lines: string[] = []
  for (let at: unknown = error; at instanceof Error && lines.length < 10; at = at.cause) {
    const stack = printableLines(at.stack ?? String(at))
    lines.push(lines.length === 0 ? stack : `caused by: ${stack}`)
  }
  return lines
}

/** What the operating system refused is explained by its own message; all else without a code is our defect. */
function isDefect({ code, cause }: AetherError): boolean {
  return code === 'internal' && !(cause instanceof Error && 'syscall' in cause)
}

function defectHint(bugs: string | undefined): string {
  const where = bugs === undefined ? '' : ` at ${bugs}`
  return `This is a defect of AetherFS; please report it${where} with what the same command prints with --debug, and "aetherfs version --json"`
}
