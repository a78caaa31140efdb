// PROPFIND of one resource, or of a folder and what lies in it. The answer goes out page by page: a folder may be long.
import { AetherError } from '../../core/errors.ts'
import type { ReadableTree } from '../../dataset/tree/readable-tree.ts'
import { sendPieces } from '../answer.ts'
import type { Exchange } from '../exchange.ts'
import { findThroughLinks } from '../follow-links.ts'
import { readWhole } from '../request-body.ts'
import { DavRefusal } from './dav-error.ts'
import { type Member, membersOf } from './members.ts'
import { MULTISTATUS_BEGIN, MULTISTATUS_END, responseXml, type Shown } from './multistatus.ts'
import type { Resource } from './properties.ts'
import { MAX_PROPFIND, type PropfindRequest, parsePropfind } from './propfind-request.ts'

const HEADERS = { 'content-type': 'application/xml; charset=utf-8', 'cache-control': 'no-store' }
type Depth = '0' | '1'

/** @param root parts of the path above the tree */
export async function sendPropfind(
  exchange: Exchange,
  tree: ReadableTree,
  root: readonly string[],
  parts: readonly string[],
): Promise<void> {
  const [depth, request] = await readRequest(exchange)
  const found = await findThroughLinks(tree, parts, exchange)
  const self = { path: [...root, ...parts], resource: found.node }
  const members = depth === '0' ? none() : membersOf(tree, found, exchange.signal)
  return sendPieces(exchange, 207, HEADERS, multistatus(self, members, request))
}

/** Of "/", which shows nothing but the folder that the tree is in. */
export async function sendRootPropfind(exchange: Exchange, below: string): Promise<void> {
  const [depth, request] = await readRequest(exchange)
  const root: Resource = { kind: 'folder', name: '', modifiedMicros: 0, place: { level: 'root' }, digest: undefined }
  const members = depth === '0' ? none() : only({ name: below, resource: { ...root, name: below } })
  return sendPieces(exchange, 207, HEADERS, multistatus({ path: [], resource: root }, members, request))
}

async function readRequest(exchange: Exchange): Promise<[Depth, PropfindRequest]> {
  const depth = depthOf(exchange)
  return [depth, parsePropfind(await readWhole(exchange, MAX_PROPFIND))]
}

/** Without the header it is "infinity": section 9.1. */
function depthOf({ req }: Exchange): Depth {
  const depth = String(req.headers.depth ?? 'infinity').trim()
  if (depth === '0' || depth === '1') return depth
  if (depth.toLowerCase() !== 'infinity')
    throw new AetherError('invalid', `Cannot take the depth "${depth}": 0 and 1 go`)
  throw new DavRefusal(
    403,
    'propfind-finite-depth',
    'PROPFIND goes with "Depth: 0" or "Depth: 1" here, one folder at a time',
  )
}

async function* multistatus(
  self: Shown,
  members: AsyncIterable<Member[]>,
  request: PropfindRequest,
): AsyncGenerator<Uint8Array> {
  // It goes out with the first page, so that what cannot be listed at all is an error and no beginning of an answer.
  let text = MULTISTATUS_BEGIN + responseXml(self, request)
  for await (const page of members) {
    for (const { name, resource } of page) text += responseXml({ path: [...self.path, name], resource }, request)
    yield Buffer.from(text)
    text = ''
  }
  yield Buffer.from(text + MULTISTATUS_END)
}

async function* none(): AsyncGenerator<never> {}

async function* only(member: Member): AsyncGenerator<Member[]> {
  yield [member]
}
