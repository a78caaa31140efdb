// WebDAV, class 1 without writing: RFC 4918. What there is below /webdav is the tree that all doors show; symbolic links are
// what they lead to. Some clients look at "/" first (Windows does): it answers too, as a folder with "webdav" in it.
import type { ReadableTree } from '../../dataset/tree/readable-tree.ts'
import { sendEmpty } from '../answer.ts'
import type { Exchange } from '../exchange.ts'
import { findThroughLinks, isByDigest } from '../follow-links.ts'
import { HttpError } from '../http-error.ts'
import type { Door, FoundRoute } from '../route-table.ts'
import { sendFile } from '../send-file.ts'
import { decodeTreePath } from '../tree-path.ts'
import type { Trees } from '../trees.ts'
import { sendDavError } from './dav-error.ts'
import { sendFolderText } from './folder-text.ts'
import { sendPropfind, sendRootPropfind } from './propfind.ts'

const NAME = 'webdav'
const ROOT = `/${NAME}`
const ALLOW = 'OPTIONS, GET, HEAD, PROPFIND'
const DAV_HEADERS = { dav: '1', 'ms-author-via': 'DAV', allow: ALLOW }

/** The way to what this door answers; undefined for requests of others. */
export function webdavDoor(trees: Trees): Door {
  return ({ method, path }) => {
    if (path === '/' && ['OPTIONS', 'PROPFIND'].includes(method))
      return route(method, (exchange) => answerRoot(exchange))
    if (path !== ROOT && !path.startsWith(`${ROOT}/`)) return undefined
    return route(method, (exchange) => answer(exchange, trees))
  }
}

/** What a server can do, it tells everybody; Windows asks without credentials. */
function route(method: string, handle: FoundRoute['handle']): FoundRoute {
  return {
    template: `${ROOT}/{path}`,
    open: method === 'OPTIONS',
    handle: (exchange) => handle(exchange).catch((error) => sendDavError(exchange, error)),
  }
}

async function answerRoot(exchange: Exchange): Promise<void> {
  return exchange.method === 'OPTIONS' ? sendEmpty(exchange, 200, DAV_HEADERS) : sendRootPropfind(exchange, NAME)
}

async function answer(exchange: Exchange, trees: Trees): Promise<void> {
  const { method, path } = exchange
  if (method === 'OPTIONS') return sendEmpty(exchange, 200, DAV_HEADERS)
  const parts = decodeTreePath(path.slice(ROOT.length))
  const tree = trees(exchange.caller)
  if (method === 'PROPFIND') return sendPropfind(exchange, tree, [NAME], parts)
  if (method === 'GET' || method === 'HEAD') return sendContent(exchange, tree, parts)
  throw new HttpError(
    405,
    'invalid',
    `The method ${method} is not for this address: datasets are read here, and changed by "aetherfs push"`,
    {
      headers: { allow: ALLOW },
    },
  )
}

async function sendContent(exchange: Exchange, tree: ReadableTree, parts: readonly string[]): Promise<void> {
  const found = await findThroughLinks(tree, parts, exchange)
  if (found.node.kind === 'folder') return sendFolderText(exchange, tree, found)
  return sendFile(exchange, tree, found.node, { immutable: isByDigest(parts, found.node) })
}
