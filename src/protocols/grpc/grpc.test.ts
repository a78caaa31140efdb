// The service as the gRPC of others sees it: @grpc/grpc-js with messages loaded from the .proto files, and through reflection.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import {
  type ClientReadableStream,
  credentials,
  loadPackageDefinition,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { AetherError } from '../../core/errors.ts'
import { ErrorDetailSchema } from '../../gen/aetherfs/v2/error_pb.ts'
import { DIGEST, fakeHub } from '../hub.fixture.ts'
import { startServer, type TestServer, until } from '../server.fixture.ts'

const SERVICES = [
  'aetherfs.v2.DatasetService',
  'aetherfs.dataset.v1.DatasetAPI',
  'aetherfs.agent.v1.AgentAPI',
  'aetherfs.block.v1.BlockAPI',
]
const ROOT = join(import.meta.dirname, '../../..')

type Callback = (error: ServiceError | null, answer: Record<string, unknown>) => void

/** A client as grpc-js makes it at run time. */
interface Client {
  [call: string]: (...args: unknown[]) => unknown
}

function clientOf(file: string, service: string, { port }: TestServer): Client {
  const definition = loadSync(file, {
    includeDirs: [join(ROOT, 'proto'), join(ROOT, 'third_party')],
    keepCase: false,
    longs: Number,
  })
  const namespace = service
    .split('.')
    .reduce((found, part) => (found as Record<string, object>)[part]!, loadPackageDefinition(definition) as object)
  const Constructor = namespace as unknown as new (address: string, secure: object) => Client
  const client = new Constructor(`127.0.0.1:${port}`, credentials.createInsecure())
  after(() => client.close!())
  return client
}

function call(client: Client, name: string, request: object, options: object = {}): Promise<Record<string, unknown>> {
  const { promise, resolve, reject } = Promise.withResolvers<Record<string, unknown>>()
  const callback: Callback = (error, answer) => (error ? reject(error) : resolve(answer))
  client[name]!(request, new Metadata(), options, callback)
  return promise
}

async function failure(promise: Promise<unknown>): Promise<ServiceError> {
  return promise.then(
    () => assert.fail('the call should have failed'),
    (error: ServiceError) => error,
  )
}

describe('gRPC', async () => {
  const hub = fakeHub()
  const server = await startServer({ hub })
  const client = clientOf('aetherfs/v2/dataset_service.proto', 'aetherfs.v2.DatasetService', server)

  it('answers calls', async () => {
    assert.deepEqual((await call(client, 'ListDatasets', { pageSize: 1 })).datasets, ['@geo/cities'])
    const { snapshot } = (await call(client, 'GetSnapshot', { dataset: 'cities', digest: `sha256:${DIGEST}` })) as {
      snapshot: { size: number }
    }
    assert.equal(snapshot.size, 2 ** 40)
  })

  it('publishes a record of 16 MiB', async () => {
    const record = Buffer.alloc(16 * 1024 * 1024, 'r')
    await call(client, 'PublishSnapshot', { dataset: 'cities', record, tags: [{ tag: 'v1' }] })
    const [, request] = hub.seen.at(-1)!.args as [unknown, { record: Uint8Array }]
    assert.equal(request.record.length, record.length)
  })

  it('refuses a message that is too large', async () => {
    const error = await failure(
      call(client, 'PublishSnapshot', { dataset: 'cities', record: Buffer.alloc(25 * 1024 * 1024) }),
    )
    assert.equal(error.code, status.RESOURCE_EXHAUSTED)
  })

  it('tells code, message, hint and facts of an error', async () => {
    const error = await failure(call(client, 'GetTag', { dataset: 'cities', tag: 'nope' }))
    assert.equal(error.code, status.NOT_FOUND)
    assert.equal(error.details, 'There is no tag "nope"')
    const [bytes] = error.metadata.get('grpc-status-details-bin')
    const text = Buffer.from(bytes as Buffer)
    const at = text.indexOf('aetherfs.v2.ErrorDetail') + 'aetherfs.v2.ErrorDetail'.length
    const detail = fromBinary(ErrorDetailSchema, text.subarray(at + 2)) // behind the name of its type: tag and length
    assert.deepEqual([detail.code, detail.hint, detail.detail], ['not-found', 'aetherfs ls cities', { tag: 'nope' }])
    assert.match(detail.requestId, /^[0-9a-f-]{36}$/)
  })

  it('refuses malformed words', async () => {
    for (const request of [{ dataset: 'Cities' }, { dataset: '' }, { dataset: 'cities', pageSize: 1001 }]) {
      assert.equal((await failure(call(client, 'ListTags', request))).code, status.INVALID_ARGUMENT)
    }
    assert.equal(
      (await failure(call(client, 'ListEntries', { dataset: 'cities', digest: `sha256:${DIGEST}`, pageSize: 10_001 })))
        .code,
      status.INVALID_ARGUMENT,
    )
  })

  it('knows what it does not know', async () => {
    const unary = client.makeUnaryRequest as unknown as (
      path: string,
      serialize: () => Buffer,
      parse: () => object,
      request: object,
      callback: Callback,
    ) => void
    for (const path of ['/aetherfs.v2.DatasetService/Nope', '/no.such.Service/Call']) {
      const error = await new Promise<ServiceError | null>((done) =>
        unary.call(
          client,
          path,
          () => Buffer.alloc(0),
          () => ({}),
          {},
          done,
        ),
      )
      assert.equal(error?.code, status.UNIMPLEMENTED)
    }
  })

  it('stops at the deadline, and the hub hears of it', async () => {
    const { promise: aborted, resolve } = Promise.withResolvers<void>()
    const slow = await startServer({
      hub: fakeHub({
        listDatasets: (_caller, { signal }) =>
          new Promise((_, reject) => {
            signal?.addEventListener('abort', () => {
              resolve()
              reject(signal.reason)
            })
          }),
      }),
    })
    const waiting = clientOf('aetherfs/v2/dataset_service.proto', 'aetherfs.v2.DatasetService', slow)
    const error = await failure(call(waiting, 'ListDatasets', {}, { deadline: Date.now() + 100 }))
    assert.equal(error.code, status.DEADLINE_EXCEEDED)
    await aborted
  })

  it('tells nothing of internal errors', async () => {
    const broken = await startServer({ hub: fakeHub({ listDatasets: () => Promise.reject(new TypeError('secret')) }) })
    const error = await failure(
      call(clientOf('aetherfs/v2/dataset_service.proto', 'aetherfs.v2.DatasetService', broken), 'ListDatasets', {}),
    )
    assert.equal(error.code, status.INTERNAL)
    assert.doesNotMatch(JSON.stringify([error.details, error.metadata]), /secret/)
    await until(() => broken.log.some((line) => line.error === 'internal'))
    assert.ok(broken.log.some((line) => /secret/.test(JSON.stringify(line.err))))
  })

  it('refuses callers in its own words, before their message is read', async () => {
    const authenticate = () => {
      throw new AetherError('unauthenticated', 'Say who you are')
    }
    const closed = await startServer({ authenticate })
    const stranger = clientOf('aetherfs/v2/dataset_service.proto', 'aetherfs.v2.DatasetService', closed)
    const error = await failure(
      call(stranger, 'PublishSnapshot', { dataset: 'cities', record: Buffer.alloc(8 * 1024 * 1024) }),
    )
    assert.equal(error.code, status.UNAUTHENTICATED)
    assert.equal(error.details, 'Say who you are')
    const health = clientOf('grpc/health/v1/health.proto', 'grpc.health.v1.Health', closed)
    assert.equal((await call(health, 'Check', {})).status, 1)
  })
})

describe('grpc.health.v1', async () => {
  let ready = true
  const hub = fakeHub({
    ready: () => (ready ? Promise.resolve() : Promise.reject(new AetherError('unavailable', 'away'))),
  })
  const server = await startServer({ hub, limits: { readyInterval: 10 } })
  const client = clientOf('grpc/health/v1/health.proto', 'grpc.health.v1.Health', server)

  it('checks the hub and each service', async () => {
    for (const service of ['', 'aetherfs.v2.DatasetService'])
      assert.equal((await call(client, 'Check', { service })).status, 1)
    assert.equal((await failure(call(client, 'Check', { service: 'nope' }))).code, status.NOT_FOUND)
  })

  it('lists them', async () => {
    const { statuses } = (await call(client, 'List', {})) as { statuses: object }
    assert.deepEqual(Object.keys(statuses), ['', ...SERVICES])
  })

  it('tells of every change to those who watch, and lets them go when the server ends', async () => {
    const seen: unknown[] = []
    const stream = client.Watch!({ service: '' }) as ClientReadableStream<{ status: unknown }>
    const ended = new Promise<void>((done) => stream.on('end', done))
    stream.on('error', () => {})
    stream.on('data', (answer) => seen.push(answer.status))
    await until(() => seen.length === 1)
    ready = false
    await until(() => seen.length === 2)
    ready = true
    await until(() => seen.length === 3)
    await server.server.drain(60_000)
    await ended
    assert.deepEqual(seen, [1, 2, 1, 2])
  })

  it('does not know of services that it is asked to watch', async () => {
    const other = await startServer()
    const stream = clientOf('grpc/health/v1/health.proto', 'grpc.health.v1.Health', other).Watch!({
      service: 'nope',
    }) as ClientReadableStream<{ status: unknown }>
    stream.on('error', () => {})
    const answer = await new Promise<{ status: unknown }>((done) => stream.once('data', done))
    assert.equal(answer.status, 3)
    stream.cancel()
  })
})

describe('reflection', async () => {
  const server = await startServer()

  for (const version of ['v1', 'v1alpha']) {
    describe(version, () => {
      const client = clientOf(
        `grpc/reflection/${version}/reflection.proto`,
        `grpc.reflection.${version}.ServerReflection`,
        server,
      )

      async function ask(request: object): Promise<Record<string, never>> {
        const stream = client.ServerReflectionInfo!() as ClientReadableStream<Record<string, never>> & {
          write(r: object): void
          end(): void
        }
        const answer = new Promise<Record<string, never>>((done, fail) => stream.once('data', done).once('error', fail))
        stream.write(request)
        const found = await answer
        stream.end()
        return found
      }

      async function files(request: object): Promise<string[]> {
        const { fileDescriptorResponse } = (await ask(request)) as unknown as {
          fileDescriptorResponse: { fileDescriptorProto: Buffer[] }
        }
        return fileDescriptorResponse.fileDescriptorProto.map(
          (bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name,
        )
      }

      it('lists the services', async () => {
        const { listServicesResponse } = (await ask({ listServices: '' })) as unknown as {
          listServicesResponse: { service: { name: string }[] }
        }
        assert.deepEqual(
          listServicesResponse.service.map((service) => service.name),
          [
            ...SERVICES,
            'grpc.health.v1.Health',
            'grpc.reflection.v1.ServerReflection',
            'grpc.reflection.v1alpha.ServerReflection',
          ],
        )
      })

      it('gives a file with all that it needs', async () => {
        const names = [
          'aetherfs/v2/dataset_service.proto',
          'google/api/annotations.proto',
          'google/api/http.proto',
          'google/protobuf/descriptor.proto',
        ]
        for (const symbol of [
          'aetherfs.v2.DatasetService',
          'aetherfs.v2.DatasetService.GetTag',
          'aetherfs.v2.Tag',
          'aetherfs.v2.Tag.digest',
        ]) {
          assert.deepEqual(await files({ fileContainingSymbol: symbol }), names, symbol)
        }
        assert.deepEqual(await files({ fileByFilename: 'aetherfs/v2/dataset_service.proto' }), names)
      })

      it('knows extensions', async () => {
        const request = { containingType: 'google.protobuf.MethodOptions', extensionNumber: 72295728 }
        assert.equal((await files({ fileContainingExtension: request }))[0], 'google/api/annotations.proto')
        const { allExtensionNumbersResponse } = (await ask({
          allExtensionNumbersOfType: 'google.protobuf.MethodOptions',
        })) as unknown as { allExtensionNumbersResponse: { extensionNumber: number[] } }
        assert.deepEqual(allExtensionNumbersResponse.extensionNumber, [72295728])
      })

      it('says what it does not know', async () => {
        for (const request of [
          { fileContainingSymbol: 'nope' },
          { fileByFilename: 'nope.proto' },
          { allExtensionNumbersOfType: 'nope' },
          { fileContainingExtension: { containingType: 'nope', extensionNumber: 1 } },
        ]) {
          const { errorResponse } = (await ask(request)) as unknown as { errorResponse: { errorCode: number } }
          assert.equal(errorResponse.errorCode, status.NOT_FOUND)
        }
      })
    })
  }
})
