// A worker thread that makes a snapshot of files whose bytes the main thread hands to it. The store stays with the main thread.
import { type MessagePort, parentPort } from 'node:worker_threads'
import { type BlockInfo, type BuiltBlock, chunkCount } from '../../core/block.ts'
import { AetherError, toAetherError } from '../../core/errors.ts'
import { decodeRecord, encodeRecord } from '../../core/record.ts'
import { type BlockReader, createBlockReader } from '../block-reader.ts'
import { createKnownChunks, type KnownChunks } from '../known-chunks.ts'
import { mapOrdered } from '../map-ordered.ts'
import { createPacker } from '../packer.ts'
import { callOver, type PortCall } from '../port-calls.ts'
import type { WorkerAnswer } from '../worker-pool.ts'
import { type BuiltFile, buildSnapshot } from './build-snapshot.ts'

export interface BuildJob {
  port: MessagePort
  /** In byte order of their paths. */
  files: BuiltFile[]
  /** Stored records of snapshots whose chunks need not be stored again. */
  bases: Uint8Array[]
  words: { message: string; labels: Record<string, string> }
}

/** What the main thread is asked for over the port: bytes of a block, the next ones of the content, a block to be stored. */
export type BuildRequest =
  | { block: BlockInfo; range: { offset: number; length: number } }
  | { next: true }
  | { keep: BlockInfo; bytes: Uint8Array }

export interface BuildResult {
  /** Encoded. */
  record: Uint8Array
  /** Blocks that are new. */
  blocks: BlockInfo[]
}

type Ask = PortCall<BuildRequest, Uint8Array | undefined>

/** Chunks that are looked for among old ones: they take some 250 bytes each. What is beyond them is stored again. */
const MOST_KNOWN = 500_000
/** Block indexes that are read at once. */
const INDEXES_AHEAD = 8

parentPort?.on('message', async (job: BuildJob) => {
  let answer: WorkerAnswer<BuildResult>
  try {
    answer = { result: await build(job) }
  } catch (error) {
    const { code, message, hint } = toAetherError(error)
    answer = { error: { code, message, hint } }
  }
  job.port.close()
  parentPort?.postMessage(answer)
})

async function build({ port, files, bases, words }: BuildJob): Promise<BuildResult> {
  const ask: Ask = callOver(port)
  const blocks: BlockInfo[] = []
  const packer = createPacker(async ({ info, bytes }: BuiltBlock, release) => {
    const own = Uint8Array.from(bytes)
    release()
    await ask({ keep: info, bytes: own }, [own.buffer])
    blocks.push(info)
  })
  try {
    const known = await readKnown(bases, ask)
    const next = async () => (await ask({ next: true })) ?? new Uint8Array()
    const record = await buildSnapshot(files, next, { known, packer, words })
    return { record: encodeRecord(record), blocks }
  } finally {
    await packer.close()
  }
}

async function readKnown(bases: Uint8Array[], ask: Ask): Promise<KnownChunks> {
  const reader = createBlockReader(async (block, range) => (await ask({ block, range })) ?? new Uint8Array())
  const known = createKnownChunks()
  const blocks = new Map(bases.flatMap((base) => decodeRecord(base).blocks).map((block) => [block.id, block]))
  let count = 0
  const open = async (block: BlockInfo) => ({ block, index: await indexOf(block, reader) })
  for await (const { block, index } of mapOrdered(blocks.values(), INDEXES_AHEAD, open)) {
    if (index) known.addBlock(block, index)
    count += index ? chunkCount(index) : 0
    if (count > MOST_KNOWN) break
  }
  return known
}

/** A block that is lost is passed over, so that its chunks are stored again. */
async function indexOf(block: BlockInfo, reader: BlockReader) {
  try {
    return await reader.index(block)
  } catch (error) {
    if (error instanceof AetherError && ['not-found', 'integrity'].includes(error.code)) return undefined
    throw error
  }
}
