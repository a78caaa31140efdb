// aetherfs.block.v1.BlockAPI as calls to the hub.
import { AetherError } from '../../core/errors.ts'
import { BlockAPI, type DownloadRequest, type UploadRequest } from '../../gen/aetherfs/block/v1/block_api_pb.ts'
import type { Caller, Hub } from '../../hub/hub.ts'
import type { Announced, OpenBlock } from '../../hub/v1/v1-hub.ts'
import { type BoundStream, bindStream } from '../stream-calls.ts'
import { type BoundCall, bindCall } from '../unary-calls.ts'
import { uploadError } from './errors.ts'

/** Bytes of a message of a download at most, as the original's. */
const PART_BYTES = 64 * 1024
/** Bytes of a message of an upload at most; the original's have 64 KiB. */
const MAX_UPLOAD_PART = 4 * 1024 * 1024

const { lookup, download, upload } = BlockAPI.method

export function blockCalls(hub: Hub): BoundCall[] {
  return [
    bindCall(lookup, async ({ signature }, { caller, signal }) => {
      await findBlock(hub, caller, signature, signal)
      return {}
    }),
  ]
}

export function blockStreams(hub: Hub): BoundStream[] {
  return [
    bindStream(download, async function* (requests, { caller, signal }) {
      for await (const request of requests) {
        const block = await hub.v1.openBlock(caller, request.signature, { signal })
        const { offset, length } = rangeOf(request, block)
        for await (const bytes of block.read(offset, length, signal))
          for (let at = 0; at < bytes.length; at += PART_BYTES) yield { part: bytes.subarray(at, at + PART_BYTES) }
      }
    }),

    bindStream(
      upload,
      async function* (requests, { caller, signal, header }) {
        try {
          yield { signature: await hub.v1.stageBlock(caller, partsOf(requests), announced(header), { signal }) }
        } catch (error) {
          throw uploadError(error)
        }
      },
      { maxBytes: MAX_UPLOAD_PART + 1024 },
    ),
  ]
}

/** A block that need not be uploaded. @throws {AetherError} `not-found` */
export async function findBlock(hub: Hub, caller: Caller, signature: string, signal: AbortSignal): Promise<OpenBlock> {
  const block = await hub.v1.openBlock(caller, signature, { signal })
  if (!block.stays) throw new AetherError('not-found', `The block ${signature} is not kept for much longer`)
  return block
}

/** The range that is asked for, as far as the block has it. @throws {AetherError} `invalid` */
export function rangeOf(
  { offset, size }: Pick<DownloadRequest, 'offset' | 'size'>,
  block: OpenBlock,
): { offset: number; length: number } {
  if (offset < 0n || size < 0n || offset > block.size)
    throw new AetherError('invalid', `Cannot read ${size} bytes from ${offset} on: the block has ${block.size} bytes`)
  const left = block.size - Number(offset)
  return { offset: Number(offset), length: size === 0n || size > left ? left : Number(size) }
}

/** @throws {AetherError} `invalid` */
export function announced(header: (name: string) => string | undefined): Announced {
  const size = header('x-afs-block-size')
  if (size !== undefined && !/^\d{1,15}$/.test(size))
    throw new AetherError('invalid', `Cannot take a block of "${size.slice(0, 80)}" bytes`)
  return { signature: header('x-afs-block-signature'), size: size === undefined ? undefined : Number(size) }
}

async function* partsOf(requests: AsyncIterable<UploadRequest>): AsyncGenerator<Uint8Array> {
  for await (const { part } of requests) yield part
}
