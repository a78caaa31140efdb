// Listing of folders: OPENDIR, READDIR, READDIRPLUS, RELEASEDIR.
import { AetherError } from '../../core/errors.ts'
import type { ListedNode, Place } from '../../dataset/tree/readable-tree.ts'
import { direntType } from './attributes.ts'
import { ERRNO, MAX_READ, OPEN_FLAG } from './constants.ts'
import { entryOf, isLasting, type Mounted, nameSeconds } from './mounted.ts'
import type { Asked } from './operations.ts'
import { type Dirent, direntBytes, encodeOpen, writeDirent } from './replies.ts'
import { done, failed, type Reply } from './reply.ts'
import { decodeHandle, decodeRead } from './requests.ts'

/** "." and ".." are 1 and 2. */
const FIRST = 3
/** Bytes of the shortest entry: with it as many are asked of the tree as there may be room for. */
const SHORTEST = 8

export interface Folders {
  open(asked: Asked): Reply
  read(asked: Asked, plus: boolean): Promise<Reply>
  release(asked: Asked): Reply
}

/** A folder whose nodes may be others next time: a reader goes on in the one that it has begun with. */
interface OpenFolder {
  place: Place
  /** Above snapshots, where nodes have no numbers: the tokens of those that were listed. */
  tokens: string[]
}

export function createFolders(mounted: Mounted): Folders {
  const open = new Map<number, OpenFolder>()
  let lastHandle = 0

  /** Folders of snapshots need no handle: their nodes have numbers that stay. */
  function openFolder({ request, node }: Asked): Reply {
    if (node.kind !== 'folder') return failed(ERRNO.ENOTDIR)
    if (isLasting(mounted, request.node, node.place))
      return done(encodeOpen(0, OPEN_FLAG.keepCache | OPEN_FLAG.cacheDir))
    open.set(++lastHandle, { place: node.place, tokens: [] })
    return done(encodeOpen(lastHandle, 0))
  }

  function release({ request }: Asked): Reply {
    open.delete(decodeHandle(request.body))
    return done()
  }

  async function read({ request, node, signal }: Asked, plus: boolean): Promise<Reply> {
    if (node.kind !== 'folder') return failed(ERRNO.ENOTDIR)
    const { handle, offset, size } = decodeRead(request.body)
    const folder = open.get(handle) ?? { place: node.place, tokens: [] }
    const page = createPage(Math.min(size, MAX_READ), plus)
    for (const [at, name] of ['.', '..'].entries()) if (offset <= at) page.add(dots(name, at + 1))
    const seconds = nameSeconds(mounted, request.node, node.place)
    const sent: number[] = []
    const limit = Math.max(1, Math.floor(size / direntBytes(SHORTEST, plus)))
    const { items } = await mounted.tree.list(folder.place, { after: tokenAt(folder, offset), limit, signal })
    for (const [i, item] of items.entries()) {
      const name = Buffer.from(item.node.name)
      if (!page.fits(name)) break
      const entry = plus ? entryOf(mounted, item.node, seconds) : undefined
      if (entry !== undefined) sent.push(entry.node)
      const ino = entry?.attributes?.ino ?? mounted.nodes.inoOf(item.node.place)
      page.add({ name, ino, type: direntType(item.node), next: cookieOf(folder, offset, i, item), entry })
    }
    if (items.length > 0 && page.isEmpty()) return failed(ERRNO.EINVAL) // less room than one name takes
    return { ...done(page.bytes()), undo: () => sent.forEach((id) => void mounted.nodes.forget(id, 1)) }
  }

  function dots(text: string, next: number): Omit<Dirent, 'entry'> {
    return { name: Buffer.from(text), ino: 1n, type: 4, next }
  }

  return { open: openFolder, read, release }
}

function cookieOf({ place, tokens }: OpenFolder, offset: number, i: number, { token }: ListedNode): number {
  if (place.level === 'snapshot') return FIRST + Number(token)
  const at = Math.max(0, offset - FIRST + 1) + i
  tokens[at] = token
  return FIRST + at
}

/** @returns what the page begins behind; undefined at the first one */
function tokenAt({ place, tokens }: OpenFolder, offset: number): string | undefined {
  if (offset < FIRST) return undefined
  const token = place.level === 'snapshot' ? String(offset - FIRST) : tokens[offset - FIRST]
  if (token === undefined) throw new AetherError('invalid', `There is no place ${offset} in this folder`)
  return token
}

function createPage(size: number, plus: boolean) {
  const bytes = Buffer.alloc(size)
  let end = 0
  const fits = (name: Buffer) => end + direntBytes(name.length, plus) <= size
  return {
    fits,
    add(dirent: Omit<Dirent, 'entry'> & Partial<Dirent>): void {
      const entry = dirent.entry ?? (plus ? NOBODY : undefined)
      if (fits(dirent.name)) end = writeDirent(bytes, end, { ...dirent, entry })
    },
    isEmpty: () => end === 0,
    bytes: () => bytes.subarray(0, end),
  }
}

/** "." and ".." are not looked up. */
const NOBODY = { node: 0, attributes: undefined, nameSeconds: 0, attributeSeconds: 0 }
