// Keeps blocks of v1 clients until a publish names them. They lie in the store, so that any hub of it can publish them.
import { randomBytes } from 'node:crypto'
import { AetherError } from '../../core/errors.ts'
import { createBufferPool } from '../../dataset/buffer-pool.ts'
import { createSemaphore } from '../../dataset/semaphore.ts'
import { keys } from '../../storage/keys.ts'
import type { Storage } from '../../storage/storage.ts'
import type { Signature } from './signature.ts'
import { encodeStaged, MAX_STAGED_TEXT, PART_BYTES, parseStaged, readStaged } from './staged-block.ts'
import { createStagingRoom, STAGED_LIFETIME } from './staging-room.ts'
import { checkAnnounced, type TakenBlock, takeBlock } from './take-block.ts'
import type { Announced, OpenBlock } from './v1-hub.ts'

/** Uploads at once: each holds a part. */
const UPLOADS_AT_ONCE = 8
/** Milliseconds that an upload waits for its turn before it is told to come back later. */
const WAIT_FOR_ROOM = 20_000

export interface Staging {
  /** A block that this owner has uploaded; undefined when there is none. One that is damaged is none: it is to be uploaded again. */
  find(owner: string, signature: Signature, signal?: AbortSignal): Promise<OpenBlock | undefined>
  /** See V1Hub. */
  stage(owner: string, body: AsyncIterable<Uint8Array>, announced: Announced, signal?: AbortSignal): Promise<Signature>
}

export function createStaging(storage: Storage, now: () => number): Staging {
  const room = createStagingRoom(storage, now)
  const turns = createSemaphore(UPLOADS_AT_ONCE)
  const buffers = createBufferPool(PART_BYTES, UPLOADS_AT_ONCE)

  async function look(owner: string, signature: Signature, signal?: AbortSignal) {
    try {
      const range = { offset: 0, length: MAX_STAGED_TEXT }
      const { info, bytes } = await storage.get(keys.stagedBlock(owner, signature), { range, signal })
      const age = now() - info.modified
      return age > STAGED_LIFETIME ? undefined : { block: parseStaged(bytes), stays: age < STAGED_LIFETIME / 2 }
    } catch (error) {
      if (error instanceof AetherError && ['not-found', 'integrity'].includes(error.code)) return undefined
      throw error
    }
  }

  async function find(owner: string, signature: Signature, signal?: AbortSignal): Promise<OpenBlock | undefined> {
    const found = await look(owner, signature, signal)
    if (!found) return undefined
    const { block, stays } = found
    const read: OpenBlock['read'] = (offset, length, abort) =>
      readStaged(storage, owner, block, { offset, length }, abort)
    return { size: block.size, stays, owned: true, read }
  }

  async function refuseTwice(owner: string, signature: Signature, signal?: AbortSignal): Promise<void> {
    if ((await look(owner, signature, signal))?.stays)
      throw new AetherError('conflict', `The block ${signature} is there already`)
  }

  async function stage(
    owner: string,
    body: AsyncIterable<Uint8Array>,
    announced: Announced,
    signal?: AbortSignal,
  ): Promise<Signature> {
    checkAnnounced(announced)
    const sweeping = room.sweep().catch(() => {}) // a store that fails says so to the upload too
    try {
      return await turns.run(() => take(owner, body, announced, signal), signal, WAIT_FOR_ROOM)
    } finally {
      await sweeping
    }
  }

  async function take(
    owner: string,
    body: AsyncIterable<Uint8Array>,
    announced: Announced,
    signal?: AbortSignal,
  ): Promise<Signature> {
    const upload = randomBytes(16).toString('hex')
    const { signature, ...block } = await takeParts(owner, upload, body, announced, signal)
    await put(owner, keys.stagedBlock(owner, signature), encodeStaged({ ...block, upload }), signal)
    return signature
  }

  async function takeParts(
    owner: string,
    upload: string,
    body: AsyncIterable<Uint8Array>,
    announced: Announced,
    signal?: AbortSignal,
  ): Promise<TakenBlock> {
    const parts: string[] = []
    const buffer = buffers.take()
    try {
      const block = await takeBlock(body, announced, buffer, (part) => {
        const place = parts.push(keys.stagedPart(owner, upload, parts.length)) - 1
        return put(owner, parts[place]!, part, signal)
      })
      buffers.give(buffer) // after a failure somebody may still be busy with it
      await refuseTwice(owner, block.signature, signal)
      return block
    } catch (error) {
      for (const key of parts) await storage.delete(key).catch(() => {}) // what stays is removed when it has expired
      throw error
    }
  }

  async function put(owner: string, key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    await room.take(owner, bytes.length, signal)
    await storage.put(key, bytes, { signal })
  }

  return { find, stage }
}
