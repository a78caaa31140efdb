// What each command of aetherfs is made of. One file in this folder holds one verb.
import type { Command } from 'commander'
import type { Context } from './context.ts'
import type { ExitCode } from './errors/exit-codes.ts'
import type { SettingKey } from './settings/settings.ts'

/** @typeParam F what commander makes of the verb's own options */
export interface Verb<F = object> {
  /** Settings that only this verb has; they become options too. */
  settings?: readonly SettingKey[]
  /** False for what must work with a broken configuration file. @default true */
  readsConfig?: boolean
  /** Adds arguments and options. */
  define(command: Command): void
  /** Shown by --help: a command line and what it does. */
  examples: readonly (readonly [line: string, meaning: string])[]
  /** Exit codes that this verb may end with, besides 0, 1, 2 and 130. */
  exits: readonly ExitCode[]
  /** @param operands arguments as they were written. @returns the exit code, 0 when undefined. */
  run(context: Context, operands: string[], flags: F): Promise<ExitCode | undefined>
}
