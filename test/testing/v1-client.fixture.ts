// A client of version 1 that does what the original's does, in its order and with its metadata.
import { createHmac } from 'node:crypto'
import { type Client, Code, ConnectError, createClient } from '@connectrpc/connect'
import { createGrpcTransport } from '@connectrpc/connect-node'
import { BlockAPI } from '../../src/gen/aetherfs/block/v1/block_api_pb.ts'
import { type Dataset, DatasetAPI } from '../../src/gen/aetherfs/dataset/v1/dataset_api_pb.ts'

const PART_BYTES = 64 * 1024

export interface V1Tag {
  name: string
  version: string
}

export interface PushedV1 {
  signatures: string[]
  /** Of blocks that the hub had already. */
  skipped: number
}

export interface V1Client {
  blocks: Client<typeof BlockAPI>
  datasets: Client<typeof DatasetAPI>
  /** Uploads one block, whether the hub has it or not. */
  upload(bytes: Uint8Array, metadata?: Record<string, string>): Promise<string>
  /** @param files in the order in which they are joined */
  push(files: Record<string, Uint8Array | string>, tags: V1Tag[], blockSize?: number): Promise<PushedV1>
  /** Bytes by path. */
  pull(tag: V1Tag): Promise<Map<string, Buffer>>
  read(signature: string, offset?: number, size?: number): Promise<Buffer>
}

export function openV1(url: string, headers: Record<string, string> = {}): V1Client {
  const transport = createGrpcTransport({ baseUrl: url })
  const blocks = createClient(BlockAPI, transport)
  const datasets = createClient(DatasetAPI, transport)

  async function upload(bytes: Uint8Array, metadata = metadataOf(bytes)): Promise<string> {
    return (await blocks.upload(partsOf(bytes), { headers: { ...headers, ...metadata } })).signature
  }

  async function push(files: Record<string, Uint8Array | string>, tags: V1Tag[], blockSize = 64 * 1024 * 1024) {
    const contents = Object.entries(files).map(([name, bytes]) => ({ name, bytes: Buffer.from(bytes) }))
    const cuts = [...cutsOf(Buffer.concat(contents.map(({ bytes }) => bytes)), blockSize)]
    let skipped = 0
    for (const cut of cuts) {
      const isThere = await blocks.lookup({ signature: signatureOf(cut) }, { headers }).then(() => true, unlessMissing)
      if (isThere) skipped++
      else await upload(cut)
    }
    const signatures = cuts.map(signatureOf)
    const described = contents.map(({ name, bytes }, i) => ({
      name,
      size: BigInt(bytes.length),
      lastModified: { seconds: 1_700_000_000n + BigInt(i), nanos: 5000 },
    }))
    await datasets.publish({ dataset: { files: described, blockSize, blocks: signatures }, tags }, { headers })
    return { signatures, skipped }
  }

  async function read(signature: string, offset = 0, size = 0): Promise<Buffer> {
    const parts: Uint8Array[] = []
    const request = { signature, offset: BigInt(offset), size: BigInt(size) }
    for await (const { part } of blocks.download(request, { headers })) parts.push(part)
    return Buffer.concat(parts)
  }

  async function pull(tag: V1Tag): Promise<Map<string, Buffer>> {
    const { dataset } = await datasets.lookup({ tag }, { headers })
    const files = new Map<string, Buffer>()
    let at = 0
    for (const { name, size } of dataset!.files) {
      files.set(name, await readFile(dataset!, at, Number(size), read))
      at += Number(size)
    }
    return files
  }

  return { blocks, datasets, upload, push, pull, read }
}

/** The bytes of a file, block by block. */
async function readFile(
  { blockSize, blocks }: Dataset,
  offset: number,
  size: number,
  read: V1Client['read'],
): Promise<Buffer> {
  const parts: Buffer[] = []
  for (let at = offset; at < offset + size; at += parts.at(-1)!.length) {
    const within = at % blockSize
    const length = Math.min(blockSize - within, offset + size - at)
    parts.push(await read(blocks[Math.floor(at / blockSize)]!, within, length))
  }
  return Buffer.concat(parts)
}

export function metadataOf(bytes: Uint8Array): Record<string, string> {
  return { 'X-AFS-Block-Signature': signatureOf(bytes), 'X-AFS-Block-Size': String(bytes.length) }
}

/** Found by arithmetic: 256 bits and four more are 52 digits of five. */
export function signatureOf(bytes: Uint8Array): string {
  const value = BigInt(`0x${createHmac('sha256', '').update(bytes).digest('hex')}`) << 4n
  const digits = value.toString(32).padStart(52, '0')
  return `${digits.replace(/./g, (digit) => 'abcdefghijklmnopqrstuvwxyz234567'[Number.parseInt(digit, 32)]!)}====`
}

export function* cutsOf(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function* partsOf(bytes: Uint8Array): AsyncGenerator<{ part: Uint8Array }> {
  for (let at = 0; at < bytes.length; at += PART_BYTES) yield { part: bytes.subarray(at, at + PART_BYTES) }
}

function unlessMissing(error: unknown): false {
  if (ConnectError.from(error).code !== Code.NotFound) throw error
  return false
}
