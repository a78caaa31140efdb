// The kinds of values that settings have, and how each is read from a flag or the environment (text) and from the
// configuration file (typed). zod is handed in, so that commands without a file never load it.
import { isAbsolute, resolve } from 'node:path'
import type { ZodType, z } from 'zod'

type Zod = typeof z

export interface Kind<T> {
  /** From a flag or the environment. @throws {SyntaxError} with the reason alone. */
  read(text: string): T
  /** For the configuration file; relative paths there start at `folder`, which holds the file. */
  schema(zod: Zod, folder: string): ZodType<T>
  /** A flag that may be given several times. */
  repeats?: boolean
}

export const TEXT: Kind<string> = {
  read: (text) => text,
  schema: (zod) => zod.string().min(1),
}

export const PATH: Kind<string> = {
  read: (text) => resolvePath(text, process.cwd()),
  schema: (zod, folder) =>
    zod
      .string()
      .min(1)
      .transform((path) => resolvePath(path, folder)),
}

/** A path, or a URL that is left as it is. */
export const STORE: Kind<string> = {
  read: (text) => (isUrl(text) ? text : PATH.read(text)),
  schema: (zod, folder) =>
    zod
      .string()
      .min(1)
      .transform((text) => (isUrl(text) ? text : resolvePath(text, folder))),
}

/** Host and port as references have them, so not a URL. */
export const HOST: Kind<string> = {
  read(text) {
    const problem = hostProblem(text)
    if (problem !== undefined) throw new SyntaxError(problem)
    return text
  },
  schema: (zod) =>
    zod
      .string()
      .refine((text) => hostProblem(text) === undefined, { error: ({ input }) => hostProblem(String(input)) }),
}

function hostProblem(text: string): string | undefined {
  const [, scheme, host = ''] = /^([a-z]+:\/\/)?([^/]*)/i.exec(text) ?? []
  if (scheme !== undefined) return `write it without "${scheme}": ${host}`
  return /^[^\s/@]+$/.test(text) ? undefined : 'write a host such as hub.example.com, localhost:8080 or [::1]:8080'
}

export const FLAG: Kind<boolean> = {
  read(text) {
    if (/^(1|true|yes|on)$/i.test(text)) return true
    if (/^(0|false|no|off)$/i.test(text)) return false
    throw new SyntaxError('write true or false')
  },
  schema: (zod) => zod.boolean(),
}

export const LIST: Kind<string[]> = {
  read: (text) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  schema: (zod) => zod.array(zod.string().min(1)),
  repeats: true,
}

/** A whole number from `least` on. */
export function count(least: number, most = 1_000_000): Kind<number> {
  return {
    read(text) {
      const value = Number(text)
      if (!/^\d+$/.test(text) || value < least || value > most)
        throw new SyntaxError(`write a whole number from ${least} to ${most}`)
      return value
    },
    schema: (zod) => zod.int().min(least).max(most),
  }
}

export function choice<const T extends string>(values: readonly T[]): Kind<T> {
  return {
    read(text) {
      const value = values.find((one) => one === text)
      if (value === undefined) throw new SyntaxError(`write one of ${values.join(', ')}`)
      return value
    },
    schema: (zod) => zod.enum(values) as unknown as ZodType<T>,
  }
}

function resolvePath(path: string, folder: string): string {
  return isAbsolute(path) ? path : resolve(folder, path)
}

function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]+:/i.test(text)
}
