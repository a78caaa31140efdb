// What is in a folder, for people or for programs.
import { joinSmall } from '../../../dataset/archive/file-bytes.ts'
import { fixed, type ReadableTree, type TreeFolder } from '../../../dataset/tree/readable-tree.ts'
import { type Headers, sendEmpty, sendPieces } from '../../answer.ts'
import { ASK_ANEW } from '../../cache-control.ts'
import type { Exchange } from '../../exchange.ts'
import { folderEntries } from './folder-entries.ts'
import { folderFormat, folderPage } from './folder-format.ts'
import { folderHtml, PAGE_POLICY } from './folder-html.ts'
import { folderJson } from './folder-json.ts'

const COMMON: Headers = { 'cache-control': ASK_ANEW, vary: 'accept', 'cross-origin-resource-policy': 'same-origin' }
const HEADERS = {
  html: { ...COMMON, 'content-type': 'text/html; charset=utf-8', 'content-security-policy': PAGE_POLICY },
  json: { ...COMMON, 'content-type': 'application/json' },
} as const

export function sendFolder(
  exchange: Exchange,
  tree: ReadableTree,
  { path, folder, query }: { path: readonly string[]; folder: TreeFolder; query: URLSearchParams },
): Promise<void> {
  const { method, req, signal } = exchange
  const format = folderFormat(query, req.headers.accept)
  const entries = folderEntries(tree, fixed(folder), folderPage(query), { signal })
  if (method === 'HEAD') return sendEmpty(exchange, 200, HEADERS[format])
  const text = (format === 'json' ? folderJson : folderHtml)(path, folder, entries)
  return sendPieces(exchange, 200, HEADERS[format], joinSmall(bytesOf(text)))
}

async function* bytesOf(texts: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  for await (const text of texts) yield Buffer.from(text)
}
