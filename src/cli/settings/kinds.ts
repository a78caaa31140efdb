// The kinds of values that settings have, and how each is read from a flag or the environment (text) and from the
// configuration file (typed). zod is handed in, so that commands without a file never load it.
import { isAbsolute, resolve } from 'node:path'
import type { ZodType, z } from 'zod'
import { hostFault } from '../../core/reference.ts'

type Zod = typeof z

export interface Kind<T> {
  /** From a flag or the environment. @throws {SyntaxError} with the reason alone. */
  read(text: string): T
  /** For the configuration file; relative paths there start at `folder`, which holds the file. */
  schema(zod: Zod, folder: string): ZodType<T>
  /** A flag that may be given several times. */
  repeats?: boolean
  /** What a flag whose value may be left out means without one. */
  bare?: string
  /** A value that can be read, for who wrote one that cannot. */
  example?: string
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

/** Host and port as references have them, so not a URL; or several of one store, separated by commas. */
export const HOSTS: Kind<string> = checked(hostsProblem, (text) => text.replaceAll(/\s/g, ''), {
  example: 'hub-1.example.com,hub-2.example.com:8443',
})

function hostsProblem(text: string): string | undefined {
  return text
    .split(',')
    .map((host) => hostProblem(host.trim()))
    .find((problem) => problem !== undefined)
}

function hostProblem(text: string): string | undefined {
  const [, scheme, host = ''] = /^([a-z]+:\/\/)?([^/]*)/i.exec(text) ?? []
  if (scheme !== undefined) return `write it without "${scheme}": ${host}`
  if (/^[^\s/@]+$/.test(text)) return hostFault(text)
  return 'write a host such as hub.example.com, localhost:8080 or [::1]:8080'
}

/** Bytes: "500", "64K", "1.5MiB". K, M and G count by 1024 as KiB, MiB and GiB do; KB, MB and GB by 1000. */
export function bytes(least: number, most: number): Kind<number> {
  const problem = (text: string) => {
    const value = bytesIn(text)
    if (value === undefined) return 'write bytes as in 800K, 10M, 1.5GiB or 250MB'
    if (value < least) return `it has to be at least ${least} bytes`
    return value > most ? `it has to be at most ${most} bytes` : undefined
  }
  return checked(problem, (text) => bytesIn(text)!, { example: '10M' })
}

const POWERS = ['', 'K', 'M', 'G']

function bytesIn(text: string): number | undefined {
  const [, number, power = '', ending = ''] = /^(\d{1,15}(?:\.\d{1,9})?)([KMG]?)(B|iB)?$/i.exec(text) ?? []
  if (number === undefined || (power === '' && ending.length > 1)) return undefined
  const base = ending.toUpperCase() === 'B' ? 1000 : 1024
  return Math.round(Number(number) * base ** POWERS.indexOf(power.toUpperCase()))
}

/** Text that has to be free of problems before it means something. Numbers in the file are read as their text. */
function checked<T>(
  problemOf: (text: string) => string | undefined,
  valueIn: (text: string) => T,
  more: { example: string },
): Kind<T> {
  return {
    ...more,
    read(text) {
      const problem = problemOf(text)
      if (problem !== undefined) throw new SyntaxError(problem)
      return valueIn(text)
    },
    schema: (zod) =>
      zod
        .union([zod.string(), zod.number()])
        .refine((value) => problemOf(String(value)) === undefined, { error: ({ input }) => problemOf(String(input)) })
        .transform((value) => valueIn(String(value))),
  }
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
