// Reads the configuration file: YAML, and so JSON too. Every error names the file and the key.
import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { AetherError, systemCode, toAetherError } from '../../core/errors.ts'
import { systemMeaning } from '../../core/system-errors.ts'
import { configFolder } from './xdg.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The settings in the file, by their keys in the table of settings.
 * @param named the file that the user named; without it the usual places are looked at, and none is fine.
 */
export async function readConfigFile(
  named: string | undefined,
  env: Environment,
): Promise<ReadonlyMap<string, unknown>> {
  if (named !== undefined) return parse(resolve(named), await readNamed(named))
  for (const name of ['config.yaml', 'config.json']) {
    const file = join(configFolder(env), name)
    const text = await readIfThere(file)
    if (text !== undefined) return parse(file, text)
  }
  return new Map()
}

async function readNamed(file: string): Promise<string> {
  const text = await readIfThere(file)
  if (text === undefined) throw new AetherError('not-found', `There is no configuration file "${file}"`)
  return text
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT' || systemCode(cause) === 'ENOTDIR') return undefined
    throw unreadable(file, cause)
  }
}

async function parse(file: string, text: string): Promise<ReadonlyMap<string, unknown>> {
  const [{ parse: parseYaml }, { checkConfig }] = await Promise.all([import('yaml'), import('./config-schema.ts')])
  let document: unknown
  try {
    document = parseYaml(text)
  } catch (cause) {
    throw unusable(file, firstLine(cause), undefined, cause)
  }
  const checked = checkConfig(document ?? {}, dirname(file))
  if ('problem' in checked) throw unusable(file, checked.problem, checked.hint)
  return checked.values
}

/** A disk that fails is no mistake of who wrote the file. */
function unreadable(file: string, cause: unknown): AetherError {
  const { message, hint } = toAetherError(cause)
  const code = systemMeaning(systemCode(cause)) === undefined ? 'invalid' : 'internal'
  return new AetherError(code, `Cannot read the configuration file "${file}": ${message}`, { hint, cause })
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]?.replace(/:$/, '') ?? ''
}

function unusable(file: string, reason: string, hint?: string, cause?: unknown): AetherError {
  return new AetherError('invalid', `Cannot use the configuration file "${file}": ${reason}`, { hint, cause })
}
