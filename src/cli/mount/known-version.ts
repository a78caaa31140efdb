// Which version a channel had when it was seen last, for mounts with the hub away.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Digest, formatDigest, parseDigest, sha256Hex } from '../../core/id.ts'
import { replaceFile } from '../../dataset/replace-file.ts'

export interface KnownVersion {
  get(): Promise<Digest | undefined>
  set(digest: Digest): Promise<void>
}

/** @param name of the hub, the dataset and the tag */
export function createKnownVersion(cacheFolder: string, name: string): KnownVersion {
  const path = join(cacheFolder, 'mounts', `${sha256Hex(name).slice(0, 32)}.digest`)
  return {
    async get() {
      try {
        return parseDigest((await readFile(path, 'utf8')).trim())
      } catch {
        return undefined // not there, or not whole: as if nothing was known
      }
    },
    async set(digest) {
      await replaceFile(path, Buffer.from(`${formatDigest(digest)}\n`))
    },
  }
}
