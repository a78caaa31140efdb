// A worker thread that takes a producer's delta apart into blocks. The store stays with the main thread.
import { type MessagePort, parentPort } from 'node:worker_threads'
import type { BlockInfo, BuiltBlock } from '../../core/block.ts'
import { openDelta } from '../../core/delta/apply.ts'
import { toAetherError } from '../../core/errors.ts'
import type { Digest } from '../../core/id.ts'
import { createPacker } from '../packer.ts'
import { callOver, type PortCall } from '../port-calls.ts'
import type { WorkerAnswer } from '../worker-pool.ts'
import { createFrameSpill } from './frame-spill.ts'
import { openStoredSnapshot } from './stored-snapshot.ts'
import { takeDelta } from './take-delta.ts'

export interface TakeJob {
  port: MessagePort
  /** The record of the old snapshot, as it is stored. */
  from: Uint8Array
  to: Digest
  /** Bytes of the delta. */
  size: number
}

/** What the main thread is asked for over the port: bytes of a block, the next ones of the delta, a block to be stored. */
export type TakeRequest =
  | { block: BlockInfo; range: { offset: number; length: number } }
  | { next: true }
  | { keep: BlockInfo; bytes: Uint8Array }

/** A block with new chunks, and its tail. */
export interface PackedDelta {
  info: BlockInfo
  tail: Uint8Array
}

type Ask = PortCall<TakeRequest, Uint8Array | undefined>

parentPort?.on('message', async (job: TakeJob) => {
  let answer: WorkerAnswer<PackedDelta[]>
  try {
    answer = { result: await take(job) }
  } catch (error) {
    const { code, message, hint } = toAetherError(error)
    answer = { error: { code, message, hint } }
  }
  job.port.close()
  parentPort?.postMessage(answer)
})

async function take({ port, from, to, size }: TakeJob): Promise<PackedDelta[]> {
  const ask: Ask = callOver(port)
  const blocks: PackedDelta[] = []
  using spill = createFrameSpill()
  const packer = createPacker(async (block, release) => {
    blocks.push(await keep(block, ask))
    release()
  })
  try {
    const fetch = async (block: BlockInfo, range: { offset: number; length: number }) =>
      (await ask({ block, range })) ?? new Uint8Array()
    const old = await openStoredSnapshot(from, fetch, spill)
    await takeDelta(old, to, await openDelta(bytesOver(ask)), size, packer)
    await packer.finish()
    return blocks
  } finally {
    await packer.close()
  }
}

async function keep({ info, bytes }: BuiltBlock, ask: Ask): Promise<PackedDelta> {
  const own = Uint8Array.from(bytes)
  const tail = own.slice(own.length - info.tailSize)
  await ask({ keep: info, bytes: own }, [own.buffer])
  return { info, tail }
}

async function* bytesOver(ask: Ask): AsyncGenerator<Uint8Array> {
  for (;;) {
    const bytes = await ask({ next: true })
    if (bytes === undefined) return
    yield bytes
  }
}
