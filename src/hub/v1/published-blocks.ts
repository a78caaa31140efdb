// Remembers where the bytes of published blocks are, so that v1 clients need not send them for the next publish. Who has
// published a block finds it by its signature for some weeks. docs/format.md, section 11.1.
import * as z from 'zod'
import { AetherError } from '../../core/errors.ts'
import { type Digest, formatDigest, parseDigest } from '../../core/id.ts'
import { type DatasetName, parseDatasetName } from '../../core/names.ts'
import { mapOrdered } from '../../dataset/map-ordered.ts'
import { keys } from '../../storage/keys.ts'
import type { Storage } from '../../storage/storage.ts'
import { encodeJson, parseJson } from '../stored-json.ts'
import type { ContentRange } from './block-ranges.ts'
import { isSignature, type Signature } from './signature.ts'

const DAY = 24 * 3600 * 1000
/** Milliseconds for which a published block is found. */
export const PUBLISHED_LIFETIME = 30 * DAY
/** Ranges of a block that are remembered: one for each file that is not where it was. */
const MAX_RANGES = 1000
/** Bytes of the object that tells of a block, at most. */
export const MAX_PUBLISHED_TEXT = 64 * 1024
/** Objects that are written at once. */
const WRITES_AT_ONCE = 8

const Stored = z.strictObject({
  dataset: z.string().transform((text) => parseDatasetName(text)),
  digest: z.string().transform((text) => parseDigest(text)),
  /** Offset and length in the content, alternating. */
  ranges: z.array(z.int().min(0)).max(2 * MAX_RANGES),
})

export interface PublishedBlock {
  dataset: DatasetName
  digest: Digest
  ranges: ContentRange[]
}

export interface PublishedBlocks {
  find(
    owner: string,
    signature: Signature,
    signal?: AbortSignal,
  ): Promise<{ block: PublishedBlock; stays: boolean } | undefined>
  /** @param names of the blocks, those of the hub's own too, which need not be remembered */
  remember(
    owner: string,
    names: readonly string[],
    ranges: readonly ContentRange[][],
    where: { dataset: DatasetName; digest: Digest },
  ): Promise<void>
}

export function createPublishedBlocks(storage: Storage, now: () => number): PublishedBlocks {
  return {
    async find(owner, signature, signal) {
      try {
        const range = { offset: 0, length: MAX_PUBLISHED_TEXT }
        const { info, bytes } = await storage.get(keys.publishedBlock(owner, signature), { range, signal })
        const age = now() - info.modified
        if (age > PUBLISHED_LIFETIME) return undefined
        return { block: parsePublished(bytes), stays: age < PUBLISHED_LIFETIME / 2 }
      } catch (error) {
        if (error instanceof AetherError && ['not-found', 'integrity'].includes(error.code)) return undefined
        throw error
      }
    },

    async remember(owner, names, ranges, where) {
      const write = async ([index, name]: [number, string]) => {
        const lies = ranges[index]!
        if (!isSignature(name) || lies.length > MAX_RANGES) return
        await storage.put(keys.publishedBlock(owner, name), encodePublished({ ...where, ranges: lies }))
      }
      for await (const _ of mapOrdered(names.entries(), WRITES_AT_ONCE, write));
    },
  }
}

function encodePublished({ dataset, digest, ranges }: PublishedBlock): Uint8Array {
  const numbers = ranges.flatMap(({ offset, length }) => [offset, length])
  return encodeJson({ dataset, digest: formatDigest(digest), ranges: numbers })
}

/** @throws {AetherError} `integrity` */
export function parsePublished(bytes: Uint8Array): PublishedBlock {
  const { dataset, digest, ranges } = parseJson(Stored, bytes, 'place of a published block')
  const pairs = ranges.filter((_, i) => i % 2 === 0).map((offset, i) => ({ offset, length: ranges[2 * i + 1] ?? 0 }))
  return { dataset, digest, ranges: pairs }
}
