// The API of version 1 with gRPC of another make (@grpc/grpc-js), in the order and with the metadata of the original's client:
// a dataset is read whole, and one is pushed.

import assert from 'node:assert/strict'
import { mkdir, open, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import {
  type ClientReadableStream,
  type ClientWritableStream,
  credentials,
  loadPackageDefinition,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { signatureOf } from '../testing/v1-client.fixture.ts'
import { type DoorWorld, openDoorWorld } from './door-world.fixture.ts'

const ROOT = join(import.meta.dirname, '../..')
const PART_BYTES = 64 * 1024
const BLOCK_SIZE = 1024 * 1024

interface File {
  name: string
  size: number
}

interface Dataset {
  files: File[]
  blockSize: number
  blocks: string[]
}

type Callback = (error: ServiceError | null, answer: Record<string, unknown>) => void

/** A client as grpc-js makes it at run time. */
interface Client {
  [call: string]: (...args: unknown[]) => unknown
}

function clientOf(t: TestContext, host: string, service: 'block' | 'dataset', name: string): Client {
  const definition = loadSync(`aetherfs/${service}/v1/${service}_api.proto`, {
    includeDirs: [join(ROOT, 'proto'), join(ROOT, 'third_party')],
    longs: Number,
  })
  const packages = loadPackageDefinition(definition) as Record<string, Record<string, Record<string, object>>>
  const Constructor = packages.aetherfs![service]!.v1 as unknown as Record<string, new (...args: unknown[]) => Client>
  const client = new Constructor[name]!(host, credentials.createInsecure())
  t.after(() => client.close!())
  return client
}

function call(client: Client, name: string, request: object): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const callback: Callback = (error, answer) => (error ? reject(error) : resolve(answer))
    client[name]!(request, callback)
  })
}

async function* download(client: Client, signature: string, offset: number, size: number): AsyncGenerator<Buffer> {
  const stream = client.Download!({ signature, offset, size }) as ClientReadableStream<{ part: Buffer }>
  for await (const { part } of stream as AsyncIterable<{ part: Buffer }>) yield part
}

function upload(client: Client, signature: string, bytes: Buffer): Promise<string> {
  const metadata = new Metadata()
  metadata.set('X-AFS-Block-Signature', signature)
  metadata.set('X-AFS-Block-Size', String(bytes.length))
  return new Promise((resolve, reject) => {
    const callback: Callback = (error, answer) => (error ? reject(error) : resolve(String(answer.signature)))
    const stream = client.Upload!(metadata, callback) as ClientWritableStream<{ part: Buffer }>
    for (let at = 0; at < bytes.length; at += PART_BYTES) stream.write({ part: bytes.subarray(at, at + PART_BYTES) })
    stream.end()
  })
}

async function writeFiles(folder: string, dataset: Dataset, blocks: Client): Promise<void> {
  const { files, blockSize, blocks: signatures } = dataset
  let at = 0
  for (const { name, size } of files) {
    const path = join(folder, name)
    await mkdir(dirname(path), { recursive: true })
    await using file = await open(path, 'w')
    for (const end = at + size; at < end; ) {
      const within = at % blockSize
      const wanted = Math.min(end - at, blockSize - within)
      for await (const part of download(blocks, signatures[Math.floor(at / blockSize)]!, within, wanted)) {
        await file.write(part)
        at += part.length
      }
    }
  }
}

test('v1: a dataset is read whole by another gRPC, and one is pushed', { timeout: 120_000 }, async (t) => {
  await using world = await openDoorWorld()
  const blocks = clientOf(t, world.host, 'block', 'BlockAPI')
  const datasets = clientOf(t, world.host, 'dataset', 'DatasetAPI')

  const { dataset } = (await call(datasets, 'Lookup', { tag: { name: 'geo', version: 'latest' } })) as {
    dataset: Dataset
  }
  await writeFiles(world.at('read'), dataset, blocks)
  await world.checkSums(world.at('read'))

  await push(world, blocks, datasets)
  const pulled = await world.run('pull', 'pushed:v1', '-o', world.at('pulled'))
  assert.equal(pulled.exit, 0, pulled.stderr)
  await world.checkSums(world.at('pulled'))
})

async function push({ source, files: paths }: DoorWorld, blocks: Client, datasets: Client): Promise<void> {
  const files = await Promise.all(
    paths.map(async (name) => {
      const { size, mtimeMs } = await stat(join(source, name))
      return { name, size, lastModified: { seconds: Math.floor(mtimeMs / 1000), nanos: 0 } }
    }),
  )
  const content = Buffer.concat(await Promise.all(paths.map((path) => readFile(join(source, path)))))
  const signatures: string[] = []
  for (let at = 0; at < content.length; at += BLOCK_SIZE) {
    const bytes = content.subarray(at, at + BLOCK_SIZE)
    const signature = signatureOf(bytes)
    signatures.push(signature)
    await call(blocks, 'Lookup', { signature }).then(
      () => assert.fail('nobody has uploaded it'),
      (error: ServiceError) => assert.equal(error.code, status.NOT_FOUND),
    )
    assert.equal(await upload(blocks, signature, bytes), signature)
  }
  const again = upload(blocks, signatures[0]!, content.subarray(0, BLOCK_SIZE))
  await assert.rejects(again, { code: status.ALREADY_EXISTS })
  const dataset = { files, blockSize: BLOCK_SIZE, blocks: signatures }
  await call(datasets, 'Publish', { dataset, tags: [{ name: 'pushed', version: 'v1' }] })
}
