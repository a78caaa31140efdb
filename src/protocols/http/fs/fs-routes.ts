// /fs/: the tree of datasets, tags and files as plain HTTP. What people and programs may expect of it: docs/reading.md.
import { AetherError } from '../../../core/errors.ts'
import type { ReadableTree, TreeFolder } from '../../../dataset/tree/readable-tree.ts'
import type { Caller } from '../../../hub/hub.ts'
import { sendEmpty } from '../../answer.ts'
import { ASK_ANEW } from '../../cache-control.ts'
import type { Exchange } from '../../exchange.ts'
import { isByDigest } from '../../follow-links.ts'
import type { Route } from '../../route-table.ts'
import { sendFile } from '../../send-file.ts'
import { archiveFormat } from './archive-format.ts'
import { resolvePath } from './resolve-path.ts'
import { sendArchive } from './send-archive.ts'
import { sendFolder } from './send-folder.ts'

export function fsRoutes(trees: (caller: Caller) => ReadableTree): Route[] {
  return [
    {
      method: 'GET',
      template: '/fs/{path}',
      handle: (exchange, { path = '' }) => answer(exchange, trees(exchange.caller), path),
    },
  ]
}

async function answer(exchange: Exchange, tree: ReadableTree, text: string): Promise<void> {
  const isFolderPath = exchange.path.endsWith('/')
  const path = partsOf(text)
  const node = await resolvePath(tree, path, { signal: exchange.signal })
  const query = new URLSearchParams(exchange.query)
  if (node.kind === 'folder')
    return isFolderPath ? answerFolder(exchange, tree, { path, folder: node, query }) : redirect(exchange, path)
  if (isFolderPath) throw new AetherError('not-found', `There is no folder at "/${path.join('/')}", but a file`)
  if (archiveFormat(query)) throw new AetherError('invalid', 'An archive is made of a folder, and this is a file')
  return sendFile(exchange, tree, node, { immutable: isByDigest(path, node) })
}

function answerFolder(
  exchange: Exchange,
  tree: ReadableTree,
  asked: { path: readonly string[]; folder: TreeFolder; query: URLSearchParams },
): Promise<void> {
  const format = archiveFormat(asked.query)
  return format ? sendArchive(exchange, tree, { ...asked, format }) : sendFolder(exchange, tree, asked)
}

/** Links in a listing are relative, so a folder's address ends with "/". Not for ever: it may be a file another day. */
function redirect(exchange: Exchange, path: readonly string[]): Promise<void> {
  const place = ['/fs', ...path.map(encodeURIComponent), ''].join('/')
  const location = exchange.query === '' ? place : `${place}?${exchange.query}`
  return sendEmpty(exchange, 302, { location, 'cache-control': ASK_ANEW })
}

function partsOf(text: string): string[] {
  if (text === '') return []
  return (text.endsWith('/') ? text.slice(0, -1) : text).split('/')
}
