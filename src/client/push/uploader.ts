// Sends blocks to the hub, several at once, and keeps their receipts.
import type { BuiltBlock } from '../../core/block.ts'
import type { DatasetName } from '../../core/names.ts'
import { createSemaphore } from '../../dataset/semaphore.ts'
import type { Connection } from '../connection.ts'
import type { Journal } from './journal.ts'

export interface Uploader {
  /** Resolves when the block is on its way: at most `concurrency` are, and their bytes are in memory. */
  send(block: BuiltBlock, release: () => void): Promise<void>
  /** Resolves when all have arrived. @throws what the first failed one met */
  done(): Promise<void>
}

export interface UploaderDeps {
  connection: Connection
  dataset: DatasetName
  journal: Journal
  concurrency: number
  onSent: (block: BuiltBlock) => void
  signal: AbortSignal | undefined
}

export function createUploader({ connection, dataset, journal, concurrency, onSent, signal }: UploaderDeps): Uploader {
  const room = createSemaphore(concurrency)
  const running = new Set<Promise<void>>()
  let failure: { error: unknown } | undefined

  async function send(block: BuiltBlock, release: () => void): Promise<void> {
    if (failure) throw failure.error
    await new Promise<void>((begun, refused) => {
      const upload = room.run(async () => {
        begun()
        await sendOne(block)
        release()
      }, signal)
      running.add(upload)
      const forget = () => void running.delete(upload)
      upload.then(forget, (error: unknown) => {
        failure ??= { error }
        forget()
        refused(error)
      })
    })
  }

  async function sendOne(block: BuiltBlock): Promise<void> {
    const receipt = await connection.uploadBlock(dataset, block.info.id, block.bytes, { signal })
    await journal.add(block.info, block.bytes.subarray(-block.info.tailSize), receipt)
    onSent(block)
  }

  async function done(): Promise<void> {
    await Promise.allSettled(running)
    if (failure) throw failure.error
  }

  return { send, done }
}
