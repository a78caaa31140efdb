// From the parts of a path to what they name, by their form alone: whether it is there is another question.
import { AetherError } from '../../core/errors.ts'
import { type Digest, parseDigest } from '../../core/id.ts'
import { type DatasetName, parseDatasetName, parseTagName } from '../../core/names.ts'
import { BY_DIGEST, type Place, type SnapshotPlace } from './readable-tree.ts'

/** Above snapshots, or where a snapshot is shown: by a tag or by its digest. */
export type Level = Exclude<Place, SnapshotPlace> | { level: 'digest'; dataset: DatasetName; digest: Digest }

export interface ParsedPath {
  level: Level
  /** Parts of a path in the snapshot. None above snapshots. */
  inside: readonly string[]
}

/** @throws {AetherError} `not-found` for what can name nothing */
export function parsePath(parts: readonly string[]): ParsedPath {
  const fault = parts.find((part) => !isName(part))
  if (fault !== undefined) throw nothingAt(parts)
  const [first, ...rest] = parts
  if (first === undefined) return { level: { level: 'root' }, inside: [] }
  if (!first.startsWith('@')) return inDataset(parts, first, rest)
  const [name, ...behind] = rest
  if (name !== undefined) return inDataset(parts, `${first}/${name}`, behind)
  named(parts, () => parseDatasetName(`${first}/a`))
  return { level: { level: 'scope', scope: first }, inside: [] }
}

function inDataset(parts: readonly string[], name: string, [second, ...rest]: readonly string[]): ParsedPath {
  const dataset = named(parts, () => parseDatasetName(name))
  if (second === undefined) return { level: { level: 'dataset', dataset }, inside: [] }
  if (second !== BY_DIGEST)
    return { level: { level: 'tag', dataset, tag: named(parts, () => parseTagName(second)) }, inside: rest }
  const [text, ...inside] = rest
  if (text === undefined) return { level: { level: 'digests', dataset }, inside: [] }
  return { level: { level: 'digest', dataset, digest: named(parts, () => parseDigest(text)) }, inside }
}

/** The path of a place above snapshots. */
export function pathOf(place: Exclude<Place, SnapshotPlace>): string[] {
  if (place.level === 'root') return []
  if (place.level === 'scope') return [place.scope]
  const dataset = place.dataset.split('/')
  if (place.level === 'digests') return [...dataset, BY_DIGEST]
  return place.level === 'tag' ? [...dataset, place.tag] : dataset
}

function named<T>(parts: readonly string[], parse: () => T): T {
  try {
    return parse()
  } catch (cause) {
    throw nothingAt(parts, cause)
  }
}

/** Whether something in a folder may have this name. */
export function isName(part: string): boolean {
  return part !== '' && part !== '.' && part !== '..' && !part.includes('/')
}

/** What is said of all that is not there, whatever the reason. */
export function nothingAt(parts: readonly string[], cause?: unknown): AetherError {
  return new AetherError('not-found', `There is nothing at ${JSON.stringify(`/${parts.join('/')}`.slice(0, 200))}`, {
    cause,
  })
}
