// Handles of places, and places of handles.

import { AetherError } from '../../core/errors.ts'
import type { DatasetName, TagName } from '../../core/names.ts'
import type { Place, ReadableTree } from '../../dataset/tree/readable-tree.ts'
import { createHandleCodec, type HashedPlace, type NameHash, type SignedPlace } from './handle-codec.ts'
import { createNameFinder, type NameFinder } from './name-finder.ts'
import { NfsError, STATUS } from './program.ts'

export interface Handles {
  /** Finds names that were in handles or cookies before. */
  names: NameFinder
  of(place: Place): SignedPlace
  /** @throws {NfsError} `badHandle` for a handle of others; `stale` when a name in it is not there any more */
  placeOf(handle: Uint8Array): Promise<Place>
}

export function createHandles(tree: ReadableTree, key: Uint8Array): Handles {
  const codec = createHandleCodec(key)
  const names = createNameFinder(tree, codec.hashOf)

  async function datasetOf(hash: NameHash): Promise<DatasetName> {
    return (await present(names.datasetOf(hash))) as DatasetName
  }

  async function placeOf(handle: Uint8Array): Promise<Place> {
    const hashed = codec.decode(handle)
    switch (hashed.level) {
      case 'root':
        return hashed
      case 'scope':
        return { level: 'scope', scope: await present(names.nameIn({ level: 'root' }, hashed.scope)) }
      case 'dataset':
      case 'digests':
      case 'snapshot':
        return { ...hashed, dataset: await datasetOf(hashed.dataset) }
      case 'tag': {
        const dataset = await datasetOf(hashed.dataset)
        const tag = await present(names.nameIn({ level: 'dataset', dataset }, hashed.tag))
        return { level: 'tag', dataset, tag: tag as TagName }
      }
    }
  }

  return { names, of: (place) => codec.encode(hashNames(place, names.hashOf)), placeOf }
}

function hashNames(place: Place, hashOf: (name: string) => NameHash): HashedPlace {
  switch (place.level) {
    case 'root':
      return place
    case 'scope':
      return { level: 'scope', scope: hashOf(place.scope) }
    case 'tag':
      return { level: 'tag', dataset: hashOf(place.dataset), tag: hashOf(place.tag) }
    default:
      return { ...place, dataset: hashOf(place.dataset) }
  }
}

async function present(search: Promise<string | undefined>): Promise<string> {
  const name = await orStale(search)
  if (name === undefined) throw stale()
  return name
}

/** What a handle leads to has to be there; when it is not, the handle is old and not wrong. */
export async function orStale<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof AetherError && error.code === 'not-found' && !(error instanceof NfsError)) throw stale(error)
    throw error
  }
}

function stale(cause?: unknown): NfsError {
  return new NfsError(STATUS.stale, 'not-found', 'What a handle leads to is not there any more', cause)
}
