// What the first operand of a mount names.

import { AetherError } from '../../core/errors.ts'
import type { Digest } from '../../core/id.ts'
import { type DatasetName, isVersionTag, type TagName } from '../../core/names.ts'
import { DEFAULT_TAG, formatReference, parseReference } from '../../core/reference.ts'

export interface SnapshotTarget {
  host: string | undefined
  dataset: DatasetName
  /** Undefined when the reference names a digest alone. */
  tag: TagName | undefined
  digest: Digest | undefined
}

export type MountTarget =
  | ({ kind: 'snapshot' } & SnapshotTarget)
  /** A channel: what is seen moves with it. */
  | { kind: 'channel'; host: string | undefined; dataset: DatasetName; tag: TagName }
  /** All datasets of a hub, or of one scope. */
  | { kind: 'datasets'; host: string | undefined; path: string[] }

/** @param text a reference, or "/", "@scope/", "host/" and "host/@scope/" for all datasets there @throws {AetherError} `invalid` */
export function parseMountTarget(text: string): MountTarget {
  if (text.endsWith('/')) return datasetsIn(text)
  const { host, dataset, tag, digest } = parseReference(text)
  if (digest !== undefined) return { kind: 'snapshot', host, dataset, tag, digest }
  const name = tag ?? DEFAULT_TAG
  return isVersionTag(name)
    ? { kind: 'snapshot', host, dataset, tag: name, digest: undefined }
    : { kind: 'channel', host, dataset, tag: name }
}

/** How df shows it. */
export function targetName(target: MountTarget, defaultHost: string): string {
  const host = target.host ?? defaultHost
  return target.kind === 'datasets'
    ? `${host}/${target.path.map((part) => `${part}/`).join('')}`
    : formatReference({ digest: undefined, ...target, host })
}

function datasetsIn(text: string): MountTarget {
  const groups = /^(?:(?<host>[^/@]+)\/)?(?:(?<scope>@[^/]+)\/)?$/.exec(text === '/' ? '' : text)?.groups
  if (groups === undefined)
    throw new AetherError('invalid', `Cannot use "${text}" as a place of datasets`, {
      hint: 'Write "/", "@scope/", "host/" or "host/@scope/"',
    })
  const { host, scope } = groups
  parseReference([host, scope, 'name'].filter((part) => part !== undefined).join('/'))
  return { kind: 'datasets', host, path: scope === undefined ? [] : [scope] }
}
