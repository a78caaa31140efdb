// A folder as plain text, one name a line, for people who open its address by hand; WebDAV clients never ask for it.
import type { ReadableTree } from '../../dataset/tree/readable-tree.ts'
import { sendPieces } from '../answer.ts'
import type { Exchange } from '../exchange.ts'
import type { Found } from '../follow-links.ts'
import { type Member, membersOf } from './members.ts'

const HEADERS = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'private, no-cache' }

export function sendFolderText(exchange: Exchange, tree: ReadableTree, found: Found): Promise<void> {
  return sendPieces(
    exchange,
    200,
    HEADERS,
    exchange.method === 'HEAD' ? nothing() : lines(tree, found, exchange.signal),
  )
}

async function* lines(tree: ReadableTree, found: Found, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for await (const page of membersOf(tree, found, signal)) yield Buffer.from(page.map(line).join(''))
}

function line({ name, resource }: Member): string {
  return `${name}${resource.kind === 'folder' ? '/' : ''}\n`
}

async function* nothing(): AsyncGenerator<never> {}
