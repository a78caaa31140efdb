// READDIR and READDIRPLUS of RFC 1813: one page of a folder, as large as the client wants and we give.
import type { Digest } from '../../core/id.ts'
import { fixed, type TreeFolder, type TreeNode } from '../../dataset/tree/readable-tree.ts'
import { BEHIND_PARENT, BEHIND_SELF, badCookie, cookieOf, orBadCookie, tokenOf } from './folder-cookies.ts'
import { orStale } from './handles.ts'
import { FOLDER_BYTES } from './limits.ts'
import { type Nodes, readHandle } from './nodes.ts'
import { NfsError, type Procedure, STATUS, type Work } from './program.ts'
import { padded, type XdrReader } from './xdr-reader.ts'
import type { XdrWriter } from './xdr-writer.ts'

const VERIFIER_BYTES = 8
const NO_VERIFIER = Buffer.alloc(VERIFIER_BYTES)
const ATTRIBUTES_BYTES = 4 + 84
/** Of a page without entries: status, attributes, verifier, end of the entries, whether it is the last page. */
const FRAME_BYTES = 4 + ATTRIBUTES_BYTES + VERIFIER_BYTES + 4 + 4
/** Of an entry beside its name. */
const ENTRY_BYTES = 4 + 8 + 4 + 8

/** What a client wants of a folder. Sizes are bytes. */
interface Wish {
  handle: Uint8Array
  cookie: bigint
  verifier: Uint8Array
  /** Of numbers, names and cookies. */
  namesBytes: number
  /** Of the whole page. */
  pageBytes: number
}

interface Item {
  name: string
  cookie: bigint
  node: TreeNode
}

/** What an entry has of its node, beside number and name. */
interface Detail {
  /** Of its own bytes at least. */
  leastBytes: number
  bytes(nodes: Nodes, node: TreeNode): number
  write(nodes: Nodes, node: TreeNode, out: XdrWriter): void
}

const NONE: Detail = { leastBytes: 0, bytes: () => 0, write: () => {} }

const PLUS: Detail = {
  leastBytes: ATTRIBUTES_BYTES,
  bytes: (nodes, node) => ATTRIBUTES_BYTES + 8 + padded(nodes.handleOf(node).handle.length),
  write(nodes, node, out) {
    nodes.writeAttributes(out, node)
    out.bool(true).opaque(nodes.handleOf(node).handle)
  },
}

export function readFolder(nodes: Nodes): Procedure {
  return {
    name: 'READDIR',
    failureWords: 1,
    read(args) {
      const start = readStart(args)
      const bytes = Math.min(args.u32(), FOLDER_BYTES)
      return pageOf(nodes, NONE, { ...start, namesBytes: bytes, pageBytes: bytes })
    },
  }
}

export function readFolderPlus(nodes: Nodes): Procedure {
  return {
    name: 'READDIRPLUS',
    failureWords: 1,
    read(args) {
      const start = readStart(args)
      const namesBytes = args.u32()
      const pageBytes = Math.min(args.u32(), FOLDER_BYTES)
      return pageOf(nodes, PLUS, { ...start, namesBytes, pageBytes })
    },
  }
}

function readStart(args: XdrReader): Pick<Wish, 'handle' | 'cookie' | 'verifier'> {
  return { handle: readHandle(args), cookie: args.u64(), verifier: args.fixed(VERIFIER_BYTES) }
}

function pageOf(nodes: Nodes, detail: Detail, wish: Wish): Work {
  return {
    bytes: wish.pageBytes,
    async write(out, signal) {
      const folder = await nodes.folderAt(wish.handle, { signal })
      const verifier = verifierOf(folder)
      if (wish.cookie !== 0n && !verifier.equals(wish.verifier)) throw badCookie()
      const limit = Math.ceil(wish.pageBytes / (ENTRY_BYTES + detail.leastBytes))
      nodes.writeAttributes(out, folder)
      out.fixed(verifier)
      const isLast = await writeEntries(nodes, detail, wish, itemsOf(nodes, folder, wish.cookie, limit, signal), out)
      out.bool(false).bool(isLast)
    },
  }
}

/** @returns whether the folder ends with this page */
async function writeEntries(
  nodes: Nodes,
  detail: Detail,
  { namesBytes, pageBytes }: Wish,
  items: AsyncIterable<Item>,
  out: XdrWriter,
): Promise<boolean> {
  let room = pageBytes - FRAME_BYTES
  let namesRoom = namesBytes
  let isFirst = true
  for await (const { name, cookie, node } of items) {
    const entry = ENTRY_BYTES + padded(Buffer.byteLength(name))
    room -= entry + detail.bytes(nodes, node)
    namesRoom -= entry - 4
    if (room < 0 && isFirst) throw new NfsError(STATUS.tooSmall, 'invalid', 'Not one entry has room in the page')
    if (room < 0 || (namesRoom < 0 && !isFirst)) return false
    isFirst = false
    out.bool(true).u64(nodes.identityOf(node).fileId).opaque(Buffer.from(name)).u64(cookie)
    detail.write(nodes, node, out)
  }
  return true
}

/** What comes behind the client's cookie. @param limit of what is asked of the tree at once */
async function* itemsOf(
  nodes: Nodes,
  folder: TreeFolder,
  cookie: bigint,
  limit: number,
  signal: AbortSignal,
): AsyncGenerator<Item> {
  if (cookie < BEHIND_SELF) yield { name: '.', cookie: BEHIND_SELF, node: folder }
  if (cookie < BEHIND_PARENT) yield { name: '..', cookie: BEHIND_PARENT, node: await nodes.above(folder, { signal }) }
  const listed = fixed(folder) // for a tag may move between two calls to the tree
  let after = await tokenOf(listed, cookie, nodes.names)
  for (let isLast = false; !isLast; ) {
    const options = { limit, signal, ...(after !== undefined && { after }) }
    const page = await orStale(orBadCookie(nodes.tree.list(listed, options)))
    for (const item of page.items)
      yield { name: item.node.name, cookie: cookieOf(listed, item, nodes.names), node: item.node }
    after = page.items.at(-1)?.token
    isLast = page.isLast || after === undefined
  }
}

function verifierOf({ place, digest }: TreeFolder): Buffer {
  return place.level === 'tag' && digest !== undefined ? verifierOfDigest(digest) : NO_VERIFIER
}

function verifierOfDigest(digest: Digest): Buffer {
  return Buffer.from(digest.slice(0, 2 * VERIFIER_BYTES), 'hex')
}
