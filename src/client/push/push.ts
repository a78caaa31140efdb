// Pushes one source under references: one push for each dataset and hub that they name.
import { AetherError, toAetherError } from '../../core/errors.ts'
import { DEFAULT_TAG, parseReference, type Reference } from '../../core/reference.ts'
import type { PushOptions, PushResult } from '../client.ts'
import type { Connections } from '../connections.ts'
import { resolveReference } from '../resolve.ts'
import { createTailCache } from '../tail-cache.ts'
import { openBases } from './delta/open-bases.ts'
import { prepareSource } from './prepare.ts'
import { pushDataset } from './push-dataset.ts'
import type { PushTarget } from './push-target.ts'

export interface PusherDeps {
  connections: Connections
  cacheFolder: string
}

/** @throws {AetherError} `partial` when some datasets were pushed and one was not. */
export async function push(...args: Parameters<typeof pushAll>): Promise<PushResult[]> {
  try {
    return await pushAll(...args)
  } catch (error) {
    throw toAetherError(error)
  }
}

async function pushAll(
  { connections, cacheFolder }: PusherDeps,
  path: string,
  references: string[],
  options: PushOptions,
): Promise<PushResult[]> {
  const targets = groupTargets(connections, references.map(parseTarget))
  for (const target of targets) target.bases = await namedBases(connections, target, options)
  options.onProgress?.({ subject: path, phase: 'scan', bytes: 0 })
  const { include = [], exclude = [], skipSpecial = false, signal } = options
  using bases = await openBases(cacheFolder, options)
  const source = await prepareSource(path, { include, exclude, skipSpecial }, cacheFolder, signal)
  options.onProgress?.({ subject: path, phase: 'scan', bytes: 0, files: source.entries.length, done: true })
  const results: PushResult[] = []
  for (const target of targets) {
    try {
      const deps = { source, tails: createTailCache(cacheFolder), cacheFolder, bases, options }
      results.push(await pushDataset(target, deps))
      if (!options.dryRun) offerAsBase(target, results.at(-1)!, targets)
    } catch (error) {
      throw results.length === 0 ? error : partly(error, target, results)
    }
  }
  return results
}

function parseTarget(text: string): Reference {
  const reference = parseReference(text)
  if (reference.digest)
    throw new AetherError('invalid', `Cannot push to "${text}": a digest follows from the content`, {
      hint: 'Name a tag, as in geo:v1',
    })
  return reference
}

function groupTargets(connections: Connections, references: Reference[]): PushTarget[] {
  if (references.length === 0)
    throw new AetherError('invalid', 'A push needs at least one tag', {
      hint: 'For example: aetherfs push ./geo -t geo:v1',
    })
  const groups = new Map<string, PushTarget>()
  for (const { host, dataset, tag = DEFAULT_TAG } of references) {
    const connection = connections.to(host)
    const key = `${connection.hosts}/${dataset}`
    const group = groups.get(key) ?? { connection, dataset, tags: [], bases: [] }
    if (!group.tags.includes(tag)) group.tags.push(tag)
    groups.set(key, group)
  }
  return [...groups.values()]
}

/** What one dataset of a hub has now need not be sent for another one there. */
function offerAsBase({ connection, dataset }: PushTarget, { digest }: PushResult, targets: PushTarget[]): void {
  for (const target of targets) if (target.connection === connection) target.bases.push({ dataset, digest })
}

/** The bases that the user names, as far as they are on this target's hub. */
async function namedBases(connections: Connections, target: PushTarget, { bases = [], signal }: PushOptions) {
  const here = bases.map(parseReference).filter(({ host }) => connections.to(host) === target.connection)
  return Promise.all(here.map((base) => resolveReference(target.connection, base, signal)))
}

function partly(cause: unknown, { connection, dataset }: PushTarget, results: PushResult[]): AetherError {
  const done = results.map((result) => `${result.host}/${result.dataset}`).join(', ')
  const { message, hint, detail } = toAetherError(cause)
  return new AetherError('partial', `Pushed to ${done}, but not to ${connection.host}/${dataset}: ${message}`, {
    cause,
    hint,
    detail,
  })
}
