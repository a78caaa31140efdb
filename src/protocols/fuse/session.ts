// A mount while it lives: several loops read requests from the device, answers go back as they come, in any order.
import { AetherError, systemCode, toAetherError } from '../../core/errors.ts'
import { ERRNO, OPCODE } from './constants.ts'
import type { NodeTable } from './nodes.ts'
import type { Operations } from './operations.ts'
import { encodeHeader, encodeInvalidEntry, encodeInvalidInode } from './replies.ts'
import { failed, type Reply } from './reply.ts'
import { decodeForget, decodeForgets, decodeInterrupt, decodeRequest, type Request } from './requests.ts'

/** The kernel's side. */
export interface Device {
  /** One request. @returns its length. @throws a system error: ENODEV when the folder is not mounted any more */
  read(buffer: Buffer): Promise<number>
  /** Hands over an answer, at once. @throws a system error: ENOENT when nobody waits for it any more */
  reply(parts: readonly Uint8Array[]): void
  /** Tells something that was not asked for. It may wait for requests that are answered meanwhile. */
  notify(parts: readonly Uint8Array[]): Promise<void>
}

export interface SessionOptions {
  device: Device
  operations: Operations
  nodes: NodeTable
  /** Requests that are waited for at once; each loop takes a thread of libuv. */
  loops: number
  onFailure?: (error: Error) => void
}

export interface Session {
  /** Resolves when the folder is not mounted any more. */
  run(): Promise<void>
  /** The kernel is to look up a name of a folder again. */
  forgetName(parent: number, name: string): Promise<void>
  /** The kernel is to read attributes and entries of a folder again. */
  forgetNode(node: number): Promise<void>
}

/** Room for any request of a kernel that may write 4096 bytes; the more there is, the more nodes are forgotten with one. */
const REQUEST_BYTES = 64 * 1024
/** A process that was interrupted, or a request that was taken back, while we waited. */
const PASSING = ['EINTR', 'EAGAIN', 'ENOENT']
const ENDED = ['ENODEV', 'ECONNABORTED']

export function createSession({ device, operations, nodes, loops, onFailure = () => {} }: SessionOptions): Session {
  /** Those that are under way, for INTERRUPT. */
  const waiting = new Map<number, AbortController>()

  async function run(): Promise<void> {
    try {
      await Promise.all(Array.from({ length: loops }, readRequests))
    } finally {
      for (const stopper of waiting.values()) stopper.abort()
    }
  }

  async function readRequests(): Promise<void> {
    const buffer = Buffer.alloc(REQUEST_BYTES)
    for (;;) {
      const length = await nextRequest(buffer)
      if (length === undefined) return
      take(buffer.subarray(0, length))
    }
  }

  async function nextRequest(buffer: Buffer): Promise<number | undefined> {
    for (;;) {
      try {
        return await device.read(buffer)
      } catch (error) {
        const code = systemCode(error) ?? ''
        if (ENDED.includes(code)) return undefined
        if (!PASSING.includes(code)) throw error
      }
    }
  }

  /** Does not wait: the loop goes on with the next request, into the same buffer. */
  function take(bytes: Buffer): void {
    let request: Request
    try {
      request = decodeRequest(bytes)
      if (takesNoAnswer(request)) return
    } catch (error) {
      onFailure(toAetherError(error)) // whom to answer is not known
      return
    }
    void answer({ ...request, body: Buffer.from(request.body) })
  }

  function takesNoAnswer({ opcode, node, body, unique }: Request): boolean {
    if (opcode === OPCODE.forget) {
      const { count } = decodeForget(node, body)
      nodes.forget(node, count)
    } else if (opcode === OPCODE.batchForget) {
      for (const { node: forgotten, count } of decodeForgets(body)) nodes.forget(forgotten, count)
    } else if (opcode === OPCODE.interrupt) interrupt(decodeInterrupt(body), unique)
    else return false
    return true
  }

  /** It may overtake the request that it is about, in another loop: then the kernel is to send it again. */
  function interrupt(which: number, unique: number): void {
    const stopper = waiting.get(which)
    if (stopper !== undefined) stopper.abort(new AetherError('cancelled', 'Interrupted'))
    else send(unique, failed(ERRNO.EAGAIN))
  }

  async function answer(request: Request): Promise<void> {
    const stopper = new AbortController()
    waiting.set(request.unique, stopper)
    const reply = await operations.answer(request, stopper.signal)
    waiting.delete(request.unique)
    send(request.unique, reply)
    reply.release?.()
  }

  function send(unique: number, { error, parts, undo }: Reply): void {
    const length = parts.reduce((sum, part) => sum + part.length, 0)
    try {
      device.reply([encodeHeader(unique, error, length), ...parts])
    } catch (cause) {
      undo?.()
      const code = systemCode(cause) ?? ''
      if (code === 'ENOENT' || ENDED.includes(code)) return // nobody waits any more
      onFailure(toAetherError(cause))
      // An answer that the kernel does not take would leave a program waiting for ever.
      if (error === 0) send(unique, failed(ERRNO.EIO))
    }
  }

  async function notify(parts: readonly Uint8Array[]): Promise<void> {
    try {
      await device.notify(parts)
    } catch (error) {
      // The kernel did not know of it, or nothing is mounted any more.
      if (systemCode(error) !== 'ENOENT' && !ENDED.includes(systemCode(error) ?? '')) throw error
    }
  }

  return {
    run,
    forgetName: (parent, name) => notify(encodeInvalidEntry(parent, name)),
    forgetNode: (node) => notify(encodeInvalidInode(node)),
  }
}
