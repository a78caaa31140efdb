// A folder and all below it as one file, made while it goes out.
import { constants, createZstdCompress } from 'node:zlib'
import type { CallOptions } from '../../../core/dataset.ts'
import { AetherError } from '../../../core/errors.ts'
import { tarArchive } from '../../../dataset/archive/tar-archive.ts'
import { through } from '../../../dataset/archive/through.ts'
import { zipArchive } from '../../../dataset/archive/zip-archive.ts'
import { fixed, type Place, type ReadableTree, type TreeFolder } from '../../../dataset/tree/readable-tree.ts'
import { sendEmpty, sendPieces } from '../../answer.ts'
import { ASK_ANEW } from '../../cache-control.ts'
import type { Exchange } from '../../exchange.ts'
import { type ArchiveFormat, archiveHeaders } from './archive-format.ts'

/** @throws {AetherError} `invalid` for a folder above the snapshots */
export function sendArchive(
  exchange: Exchange,
  tree: ReadableTree,
  { path, folder, format }: { path: readonly string[]; folder: TreeFolder; format: ArchiveFormat },
): Promise<void> {
  if (folder.digest === undefined)
    throw new AetherError('invalid', `There is no archive of "/${path.join('/')}": only of a tag and what is below it`)
  const headers = { ...archiveHeaders(path, format), 'cache-control': ASK_ANEW, 'accept-ranges': 'none' }
  if (exchange.method === 'HEAD') return sendEmpty(exchange, 200, headers)
  return sendPieces(exchange, 200, headers, makers[format](tree, fixed(folder), { signal: exchange.signal }))
}

type Maker = (tree: ReadableTree, folder: Place, options: CallOptions) => AsyncIterable<Uint8Array>

const makers: Record<ArchiveFormat, Maker> = {
  tar: tarArchive,
  'tar.zst': (tree, folder, options) => through(zstd(), tarArchive(tree, folder, options)),
  zip: zipArchive,
}

function zstd() {
  const { ZSTD_c_compressionLevel, ZSTD_c_checksumFlag } = constants
  return createZstdCompress({
    chunkSize: 128 * 1024,
    params: { [ZSTD_c_compressionLevel]: 3, [ZSTD_c_checksumFlag]: 1 },
  })
}
