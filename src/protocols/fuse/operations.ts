// What each request does with the tree. Nothing here knows of devices: a request goes in, a reply comes out.
import { AetherError } from '../../core/errors.ts'
import { createSemaphore } from '../../dataset/semaphore.ts'
import type { SnapshotPlace, TreeNode } from '../../dataset/tree/readable-tree.ts'
import { ERRNO, MAX_READ, OPCODE, OPEN_FLAG, ROOT_ID, WRITING } from './constants.ts'
import { errorNumberOf } from './errors.ts'
import { attributeNames, attributeValue, type Shown } from './extended-attributes.ts'
import { createFolders } from './folders.ts'
import { absence, attributeSeconds, attributesAt, entryOf, type Mounted, nameSeconds, nodeAt } from './mounted.ts'
import { negotiate } from './negotiate.ts'
import type { KnownNode } from './nodes.ts'
import { type BackingFiles, createOpenFiles, type OpenFiles } from './open-files.ts'
import { encodeAttributes, encodeEntry, encodeOpen, encodeSpace } from './replies.ts'
import { done, failed, type Reply } from './reply.ts'
import {
  decodeAccess,
  decodeGetAttribute,
  decodeInit,
  decodeListAttributes,
  decodeName,
  decodeRead,
  type Request,
} from './requests.ts'

/** A request, with the node that it is about. */
export interface Asked {
  request: Request
  node: KnownNode
  signal: AbortSignal
}

export interface Operations {
  /** Never fails: what goes wrong becomes an error number. */
  answer(request: Request, signal: AbortSignal): Promise<Reply>
}

export interface OperationsOptions extends Mounted {
  /** Hears of what went wrong besides names that are not there. */
  onFailure?: (error: AetherError | Error, request: Request) => void
  /** What hands files on to the kernel, if that is wanted and the tree keeps any. */
  backings?: BackingFiles
}

type Operation = (asked: Asked) => Reply | Promise<Reply>

/** Reads under way at once; the others wait, so that this is all of the memory that they take: 64 MiB. */
const READS = 64
const WRITE_ACCESS = 2

export function createOperations({ onFailure = () => {}, backings, ...mounted }: OperationsOptions): Operations {
  const { tree } = mounted
  const reads = createSemaphore(READS)
  const folders = createFolders(mounted)
  let opensNothing = false
  let files: OpenFiles | undefined

  function init({ request }: Asked): Reply {
    const { answer, isFinal, ...agreed } = negotiate(decodeInit(request.body), !!(backings && tree.whole))
    if (isFinal) opensNothing = agreed.opensNothing
    if (agreed.passesThrough) files = createOpenFiles(tree.whole!, backings!, (error) => onFailure(error, request))
    return answer === undefined ? failed(ERRNO.EPROTO) : done(answer)
  }

  async function lookup({ request, node: { place, kind }, signal }: Asked): Promise<Reply> {
    if (kind !== 'folder') return failed(ERRNO.ENOTDIR)
    const seconds = nameSeconds(mounted, request.node, place)
    const name = decodeName(request.body)
    const found = name === undefined ? undefined : await orAbsent(tree.child(place, name, { signal }))
    if (found === undefined) return done(encodeEntry(absence(seconds)))
    const entry = entryOf(mounted, found, seconds)
    return { ...done(encodeEntry(entry)), undo: () => mounted.nodes.forget(entry.node, 1) }
  }

  async function getattr({ request, node: { place }, signal }: Asked): Promise<Reply> {
    const node = await tree.at(place, { signal })
    const attributes = attributesAt(mounted, request.node, node)
    return done(encodeAttributes(attributes, attributeSeconds(mounted, request.node, place)))
  }

  async function readlink({ node: { place }, signal }: Asked): Promise<Reply> {
    const node = await tree.at(place, { signal })
    return node.kind === 'link' ? done(Buffer.from(node.target)) : failed(ERRNO.EINVAL)
  }

  function open(asked: Asked): Reply | Promise<Reply> {
    if (files !== undefined) return files.open(asked)
    if (asked.node.kind !== 'file') return failed(ERRNO.EISDIR)
    // The kernel does not ask again then, and keeps what it has read, as with these flags.
    if (opensNothing) return failed(ERRNO.ENOSYS)
    return done(encodeOpen(0, OPEN_FLAG.keepCache | OPEN_FLAG.noFlush))
  }

  async function read(asked: Asked): Promise<Reply> {
    const { request, signal } = asked
    const { place, kind, size } = asked.node
    if (kind !== 'file') return failed(ERRNO.EISDIR)
    const { offset, size: wanted } = decodeRead(request.body)
    const length = Math.min(wanted, MAX_READ, Math.max(0, size - offset))
    if (length === 0) return done()
    files?.noteRead(asked, length)
    return reads.run(() => readFrom(place as SnapshotPlace, offset, length, signal), signal)
  }

  async function readFrom(place: SnapshotPlace, offset: number, length: number, signal: AbortSignal): Promise<Reply> {
    const parts: Uint8Array[] = []
    const lent: (() => void)[] = []
    let bytes = 0
    for await (const part of tree.read(
      place,
      { offset, length },
      { signal, lent: (giveBack) => lent.push(giveBack) },
    )) {
      parts.push(part)
      bytes += part.length
    }
    // The kernel would take fewer bytes for the end of the file.
    if (bytes !== length) throw new AetherError('internal', `There were ${bytes} bytes where ${length} have to be`)
    const release = () => {
      for (const giveBack of lent) giveBack()
    }
    return { ...done(...parts), release }
  }

  async function attribute({ request, node, signal }: Asked): Promise<Reply> {
    const { name, size } = decodeGetAttribute(request.body)
    return attributeValue(await shown(request, node, signal), name, size)
  }

  async function attributes({ request, node, signal }: Asked): Promise<Reply> {
    return attributeNames(await shown(request, node, signal), decodeListAttributes(request.body))
  }

  async function shown({ node }: Request, { place }: KnownNode, signal: AbortSignal): Promise<Shown> {
    return { node: await tree.at(place, { signal }), tag: node === ROOT_ID ? mounted.root.tag : undefined }
  }

  const access = ({ request }: Asked) =>
    (decodeAccess(request.body) & WRITE_ACCESS) === 0 ? done() : failed(ERRNO.EROFS)

  const operations = new Map<number, Operation>([
    [OPCODE.init, init],
    [OPCODE.lookup, lookup],
    [OPCODE.getattr, getattr],
    [OPCODE.readlink, readlink],
    [OPCODE.open, open],
    [OPCODE.read, read],
    [OPCODE.release, (asked) => files?.release(asked) ?? done()],
    [OPCODE.opendir, (asked) => folders.open(asked)],
    [OPCODE.readdir, (asked) => folders.read(asked, false)],
    [OPCODE.readdirplus, (asked) => folders.read(asked, true)],
    [OPCODE.releasedir, (asked) => folders.release(asked)],
    [OPCODE.statfs, () => done(encodeSpace(mounted.root.space()))],
    [OPCODE.getxattr, attribute],
    [OPCODE.listxattr, attributes],
    [OPCODE.access, access],
    [OPCODE.destroy, () => done()],
    ...WRITING.map((opcode): [number, Operation] => [opcode, () => failed(ERRNO.EROFS)]),
  ])

  async function answer(request: Request, signal: AbortSignal): Promise<Reply> {
    const operation = operations.get(request.opcode)
    if (operation === undefined) return failed(ERRNO.ENOSYS)
    const node = nodeAt(mounted, request.node) ?? (isAboutNothing(request) ? nodeAt(mounted, ROOT_ID) : undefined)
    if (node === undefined) return failed(ERRNO.ESTALE)
    try {
      return await operation({ request, node, signal })
    } catch (error) {
      const number = errorNumberOf(error)
      if (number !== ERRNO.ENOENT && number !== ERRNO.EINTR) onFailure(error as Error, request)
      return failed(number)
    }
  }

  return { answer }
}

/** These carry no node. */
function isAboutNothing({ opcode }: Request): boolean {
  return opcode === OPCODE.init || opcode === OPCODE.destroy || opcode === OPCODE.statfs
}

/** A name that is not there may be kept in mind like one that is. */
async function orAbsent(found: Promise<TreeNode>): Promise<TreeNode | undefined> {
  try {
    return await found
  } catch (error) {
    if (error instanceof AetherError && error.code === 'not-found') return undefined
    throw error
  }
}
