// A worker thread that encodes a delta between two stored snapshots. The store stays with the main thread, which is asked for
// ranges of blocks and takes the bytes of the delta as they come.
import { type MessagePort, parentPort } from 'node:worker_threads'
import type { BlockInfo } from '../../core/block.ts'
import { toAetherError } from '../../core/errors.ts'
import type { FetchBlock } from '../block-reader.ts'
import { callOver, type PortCall } from '../port-calls.ts'
import type { WorkerAnswer } from '../worker-pool.ts'
import { encodeStored } from './encode-stored.ts'
import { createFrameSpill } from './frame-spill.ts'
import { openStoredSnapshot } from './stored-snapshot.ts'

export interface EncodeJob {
  port: MessagePort
  /** Records, as they are stored. */
  from: Uint8Array
  to: Uint8Array
  /** Bytes of the delta at most. */
  most: number
}

/** What the main thread is asked for over the port. */
export type EncodeRequest =
  | { block: BlockInfo; range: { offset: number; length: number } }
  | { piece: Uint8Array }
  | { promising: true }

/** False when the delta is not worth having. */
export type EncodeResult = boolean

parentPort?.on('message', async (job: EncodeJob) => {
  let answer: WorkerAnswer<EncodeResult>
  try {
    answer = { result: await encode(job) }
  } catch (error) {
    const { code, message, hint } = toAetherError(error)
    answer = { error: { code, message, hint } }
  }
  job.port.close()
  parentPort?.postMessage(answer)
})

async function encode({ port, from, to, most }: EncodeJob): Promise<EncodeResult> {
  const ask = callOver<EncodeRequest, Uint8Array | undefined>(port)
  const fetch = fetchOver(ask)
  using spill = createFrameSpill()
  const old = await openStoredSnapshot(from, fetch, spill)
  const fresh = await openStoredSnapshot(to, fetch)
  return await encodeStored(old, fresh, most, {
    write: async (piece) => void (await ask({ piece: Uint8Array.from(piece) })),
    promising: async () => void (await ask({ promising: true })),
  })
}

function fetchOver(ask: PortCall<EncodeRequest, Uint8Array | undefined>): FetchBlock {
  return async (block, range) => (await ask({ block, range })) ?? new Uint8Array()
}
