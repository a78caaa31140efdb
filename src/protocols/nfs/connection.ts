// One client over TCP. So many calls are answered at once as there is room for; then no more is read of the client, and TCP
// makes it wait. A client that takes nothing of its answers is cut off.
import type { Socket } from 'node:net'
import { AetherError, toAetherError } from '../../core/errors.ts'
import type { ByteBudget } from '../../dataset/byte-budget.ts'
import { type NfsLimits, RECORD_BYTES } from './limits.ts'
import type { OpenCall } from './open-call.ts'
import { createRecordAssembler } from './record-marking.ts'

export interface ConnectionDeps {
  open(record: Uint8Array): OpenCall
  budget: ByteBudget
  limits: NfsLimits
}

export interface Connection {
  /** Resolves when the socket is closed, with why, when it was not the client that ended it. */
  ended: Promise<AetherError | undefined>
  /** Reads no more calls, answers those that are there, and closes. */
  finish(): Promise<void>
}

export function serveConnection(socket: Socket, { open, budget, limits }: ConnectionDeps): Connection {
  const assembler = createRecordAssembler(RECORD_BYTES)
  const gone = new AbortController()
  const running = new Set<Promise<void>>()
  const send = createSender(socket, limits.stallTimeout)
  let heldBytes = 0
  let isFinishing = false
  socket.once('close', () => gone.abort())
  socket.on('error', () => {}) // whoever reads or writes hears of it as well
  socket.setTimeout(limits.idleTimeout, () => running.size === 0 && socket.destroy())

  async function readCalls(): Promise<void> {
    for await (const bytes of socket.iterator({ destroyOnReturn: false })) {
      for (const record of assembler.push(bytes)) {
        while (running.size >= limits.calls || heldBytes >= limits.connectionBytes) await Promise.race(running)
        if (isFinishing) return
        begin(open(record))
      }
    }
  }

  function begin(call: OpenCall): void {
    const work = answer(call)
      .catch((error: Error) => void socket.destroy(error))
      .finally(() => {
        running.delete(work)
        heldBytes -= call.bytes
      })
    running.add(work)
    heldBytes += call.bytes
  }

  async function answer(call: OpenCall): Promise<void> {
    const reply = async () => send(await call.answer(gone.signal))
    if (call.bytes === 0) return reply()
    let hasRoom = false
    try {
      await budget.hold(call.bytes, gone.signal, () => {
        hasRoom = true
        return reply()
      })
    } catch (error) {
      if (hasRoom || !(error instanceof AetherError)) throw error
      await send(call.fail(error))
    }
  }

  async function finish(): Promise<void> {
    isFinishing = true
    await Promise.all(running)
    socket.destroySoon()
  }

  async function serve(): Promise<AetherError | undefined> {
    try {
      await readCalls()
      await finish()
      return undefined
    } catch (error) {
      socket.destroy()
      await Promise.all(running)
      return isFinishing || isUsual(error) ? undefined : toAetherError(error)
    }
  }

  return { ended: serve(), finish }
}

type Send = (parts: readonly Uint8Array[]) => Promise<void>

/** Sends replies one behind the other, a piece at a time, so that it shows when the client takes nothing. */
function createSender(socket: Socket, stallTimeout: number): Send {
  let last: Promise<unknown> = Promise.resolve()

  function write(part: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const stalled = new AetherError('unavailable', 'A client takes nothing of its answers')
      const timer = setTimeout(() => socket.destroy(stalled), stallTimeout)
      socket.write(part, (error) => {
        clearTimeout(timer)
        if (error) reject(error)
        else resolve()
      })
    })
  }

  async function writeAll(parts: readonly Uint8Array[]): Promise<void> {
    socket.cork()
    const [head, ...rest] = parts
    const first = [write(head!), ...(rest[0] ? [write(rest[0])] : [])]
    socket.uncork()
    await Promise.all(first)
    for (const part of rest.slice(1)) await write(part)
  }

  return (parts) => {
    const sent = last.then(() => writeAll(parts))
    last = sent.catch(() => {})
    return sent
  }
}

/** The client has gone, which it may do in many ways. */
function isUsual(error: unknown): boolean {
  const { code } = error as { code?: string }
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ETIMEDOUT'
}
