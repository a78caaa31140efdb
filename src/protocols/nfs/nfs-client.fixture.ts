// A small client for tests: it calls, and reads results with the same modules that the server is made of.
import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { createRecordAssembler, frameRecord } from './record-marking.ts'
import { createXdrReader, type XdrReader } from './xdr-reader.ts'
import { createXdrWriter, type XdrWriter } from './xdr-writer.ts'

export const NFS = { program: 100003, version: 3 }
export const MOUNT = { program: 100005, version: 3 }
const MAX_REPLY = 2 * 1024 * 1024

export interface Header {
  program: number
  version: number
  rpcVersion?: number
  flavor?: number
  credential?: Uint8Array
}

export type WriteArgs = (args: XdrWriter) => unknown

export interface NfsClient extends Disposable {
  socket: Socket
  /** What comes behind "accepted" and the verifier: the outcome, then results. */
  call(header: Header, procedure: number, write?: WriteArgs): Promise<XdrReader>
  /** All of a reply, from its kind on. */
  raw(header: Header, procedure: number, write?: WriteArgs): Promise<XdrReader>
  /** A call of NFS that has to be accepted: its status, and what comes behind it. */
  nfs(procedure: number, write?: WriteArgs): Promise<{ status: number; results: XdrReader }>
  /** @returns status, and the handle when it is 0 */
  mount(path: string): Promise<{ status: number; handle: Uint8Array }>
  closed: Promise<void>
}

export async function openClient(port: number): Promise<NfsClient> {
  const socket = connect(port, '127.0.0.1')
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  const waiting = new Map<number, (reply: XdrReader) => void>()
  const assembler = createRecordAssembler(MAX_REPLY)
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.on('error', () => {})
  socket.on('data', (bytes) => {
    for (const record of assembler.push(bytes as Buffer)) {
      const reply = createXdrReader(record)
      waiting.get(reply.u32())!(reply)
    }
  })
  let lastXid = 0

  function raw(header: Header, procedure: number, write: WriteArgs = () => {}): Promise<XdrReader> {
    const xid = ++lastXid
    socket.write(Buffer.concat(frameRecord([callBytes(xid, header, procedure, write)])))
    return new Promise((resolve, reject) => {
      waiting.set(xid, resolve)
      closed.then(() => reject(new Error('The server has closed the connection')))
    })
  }

  async function call(header: Header, procedure: number, write?: WriteArgs): Promise<XdrReader> {
    const reply = await raw(header, procedure, write)
    assert.deepEqual([reply.u32(), reply.u32(), reply.u32(), reply.u32()], [1, 0, 0, 0], 'a reply that was accepted')
    return reply
  }

  async function withStatus(header: Header, procedure: number, write?: WriteArgs) {
    const results = await call(header, procedure, write)
    assert.equal(results.u32(), 0, 'success of the call')
    return { status: results.u32(), results }
  }

  return {
    socket,
    raw,
    call,
    nfs: (procedure, write) => withStatus(NFS, procedure, write),
    async mount(path) {
      const { status, results } = await withStatus(MOUNT, 1, (args) => args.opaque(Buffer.from(path)))
      return { status, handle: status === 0 ? results.opaque(64) : new Uint8Array() }
    },
    closed,
    [Symbol.dispose]: () => void socket.destroy(),
  }
}

export function callBytes(
  xid: number,
  { program, version, rpcVersion = 2, flavor = 0, credential = new Uint8Array() }: Header,
  procedure: number,
  write: WriteArgs,
): Buffer {
  const out = createXdrWriter().u32(xid).u32(0).u32(rpcVersion).u32(program).u32(version).u32(procedure)
  out.u32(flavor).opaque(credential).u32(0).u32(0)
  write(out)
  return Buffer.concat(out.parts())
}

export interface Attributes {
  type: number
  mode: number
  size: number
  fileId: bigint
  /** Seconds since 1970. */
  modified: number
  changed: number
}

export function readAttributes(results: XdrReader): Attributes {
  const [type, mode] = [results.u32(), results.u32()]
  results.fixed(12) // links, user, group
  const size = Number(results.u64())
  results.fixed(8 + 8 + 8) // used, device, file system
  const fileId = results.u64()
  const [, modified, changed] = [0, 1, 2].map(() => results.u32() + results.u32() / 1e9)
  return { type, mode, size, fileId, modified: modified!, changed: changed! }
}

export function readPresent(results: XdrReader): Attributes {
  assert.equal(results.bool(), true, 'attributes')
  return readAttributes(results)
}

export async function lookUp(client: NfsClient, folder: Uint8Array, name: string | Uint8Array) {
  const { status, results } = await client.nfs(3, (args) => args.opaque(folder).opaque(Buffer.from(name)))
  if (status !== 0) return { status, handle: new Uint8Array(), attributes: undefined }
  return { status, handle: results.opaque(64), attributes: readPresent(results) }
}

/** Follows names from a folder on; all of them have to be there. */
export async function walk(client: NfsClient, folder: Uint8Array, ...names: string[]): Promise<Uint8Array> {
  let handle = folder
  for (const name of names) {
    const found = await lookUp(client, handle, name)
    assert.equal(found.status, 0, name)
    handle = found.handle
  }
  return handle
}

export async function readRange(client: NfsClient, file: Uint8Array, offset: number | bigint, count: number) {
  const { status, results } = await client.nfs(6, (args) => args.opaque(file).u64(BigInt(offset)).u32(count))
  if (status !== 0) return { status, bytes: Buffer.alloc(0), isEnd: false }
  readPresent(results)
  const length = results.u32()
  const isEnd = results.bool()
  const bytes = Buffer.from(results.opaque(MAX_REPLY))
  assert.equal(bytes.length, length)
  return { status, bytes, isEnd }
}

export interface FolderPage {
  status: number
  entries: { name: string; fileId: bigint; cookie: bigint; handle?: Uint8Array }[]
  verifier: Uint8Array
  isLast: boolean
}

export interface PageWish {
  cookie?: bigint
  verifier?: Uint8Array
  bytes?: number
  plus?: boolean
}

export async function readPage(client: NfsClient, folder: Uint8Array, wish: PageWish = {}): Promise<FolderPage> {
  const { cookie = 0n, verifier = new Uint8Array(8), bytes = 8192, plus = false } = wish
  const { status, results } = await client.nfs(plus ? 17 : 16, (args) => {
    args.opaque(folder).u64(cookie).fixed(verifier).u32(bytes)
    if (plus) args.u32(bytes)
  })
  const page: FolderPage = { status, entries: [], verifier, isLast: false }
  if (status !== 0) return page
  readPresent(results)
  page.verifier = results.fixed(8)
  while (results.bool()) page.entries.push(readEntry(results, plus))
  page.isLast = results.bool()
  return page
}

function readEntry(results: XdrReader, plus: boolean): FolderPage['entries'][number] {
  const fileId = results.u64()
  const name = Buffer.from(results.opaque(1024)).toString()
  const cookie = results.u64()
  if (!plus) return { name, fileId, cookie }
  assert.equal(readPresent(results).fileId, fileId)
  assert.equal(results.bool(), true)
  return { name, fileId, cookie, handle: results.opaque(64) }
}

/** All pages of a folder. */
export async function readWhole(client: NfsClient, folder: Uint8Array, wish: PageWish = {}) {
  const entries: FolderPage['entries'] = []
  for (let start = wish; ; ) {
    const page = await readPage(client, folder, start)
    assert.equal(page.status, 0)
    entries.push(...page.entries)
    if (page.isLast) return entries
    start = { ...wish, cookie: page.entries.at(-1)!.cookie, verifier: page.verifier }
  }
}
