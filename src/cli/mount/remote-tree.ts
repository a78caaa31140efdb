// TEMPORARY until the client opens trees itself.

import { defaultCacheFolder } from '../../client/cache-folder.ts'
import { readSnapshot } from '../../client/open-snapshot.ts'
import { createRemoteReader } from '../../client/remote-reader.ts'
import { createTailCache } from '../../client/tail-cache.ts'
import { createHttpConnection } from '../../client/transport/http-connection.ts'
import { AetherError } from '../../core/errors.ts'
import { createReadCache } from '../../dataset/read-cache/read-cache.ts'
import { createReadableTree } from '../../dataset/tree/create-tree.ts'
import type { ReadableTree } from '../../dataset/tree/readable-tree.ts'
import type { OpenedSnapshot } from '../../dataset/tree/tree-source.ts'
import type { Context } from '../context.ts'

export async function openTree(context: Context, host: string | undefined): Promise<ReadableTree> {
  const { settings } = context
  const tails = createTailCache(settings.cacheDir ?? defaultCacheFolder())
  const connection = createHttpConnection(host ?? settings.host, {
    plainHttp: settings.plainHttp,
    retryFor: settings.retryFor * 1000,
  } as never)
  const opened = new Map<string, Promise<OpenedSnapshot>>()
  return createReadableTree(
    {
      listDatasets: (o) => connection.listDatasets(o),
      listTags: (d, o) => connection.listTags(d, o),
      getTag: (d, t, o) => connection.getTag(d, t, o),
      openSnapshot(dataset, digest) {
        const found =
          opened.get(digest) ??
          readSnapshot(
            connection,
            { host: '', dataset, tag: undefined, digest },
            createRemoteReader(connection, { dataset, digest }, tails),
          ).then(({ record, ...listing }) => ({ record, listing }) as unknown as OpenedSnapshot)
        opened.set(digest, found)
        found.catch(() => opened.delete(digest))
        return found
      },
      fetchBlock: (dataset, digest, block, range, o) => connection.readBlock(dataset, digest, block.id, range, o),
    },
    createReadCache({
      memoryBytes: 64 * 1024 ** 2,
      folder: { path: `${settings.cacheDir ?? defaultCacheFolder()}/reads`, maxBytes: settings['mount.cacheSize'] },
    }),
  )
}
void AetherError
