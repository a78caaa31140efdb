// The schema of the configuration file, made from the table of settings. Strict: a misspelt key is an error.
import { z } from 'zod'
import { closest } from '../errors/closest.ts'
import { SETTING_KEYS, SETTINGS } from './settings.ts'

export type CheckedConfig = { values: ReadonlyMap<string, unknown> } | { problem: string; hint: string | undefined }

/** @param folder where relative paths in the file start. */
export function checkConfig(document: unknown, folder: string): CheckedConfig {
  const result = createSchema(folder).safeParse(document)
  return result.success ? { values: flatten(result.data) } : describe(result.error.issues[0]!)
}

/** Keys without a point stand at the top, the others in a section for their verb. */
function createSchema(folder: string) {
  const top: Record<string, z.ZodType> = {}
  const sections: Record<string, Record<string, z.ZodType>> = {}
  for (const key of SETTING_KEYS) {
    const schema = SETTINGS[key].kind.schema(z, folder).optional()
    const [section, name] = key.split('.')
    if (section === undefined || name === undefined) top[key] = schema
    else sections[section] = { ...sections[section], [name]: schema }
  }
  for (const [section, keys] of Object.entries(sections)) top[section] = z.strictObject(keys).optional()
  return z.strictObject(top)
}

function flatten(config: Record<string, unknown>): ReadonlyMap<string, unknown> {
  const values = new Map<string, unknown>()
  for (const [key, value] of Object.entries(config)) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) values.set(key, value)
    else for (const [name, inner] of Object.entries(value)) values.set(`${key}.${name}`, inner)
  }
  return values
}

function describe(issue: z.core.$ZodIssue): CheckedConfig {
  const at = issue.path.join('.')
  if (issue.code !== 'unrecognized_keys')
    return { problem: `${at || 'the document'}: ${lowerFirst(issue.message)}`, hint: undefined }
  const key = [at, issue.keys[0]].filter(Boolean).join('.')
  const near = closest(key, SETTING_KEYS)
  return { problem: `unknown key "${key}"`, hint: near === undefined ? undefined : `Did you mean "${near}"?` }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
