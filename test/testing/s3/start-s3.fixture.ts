// An S3 in this process, on a free port of the loopback address: signatures and checksums are verified for real, objects
// are kept in memory. It is held to the behaviour of the real ones by the storage suite, which runs on both.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answer, type S3Variant, type Service } from './answer.fixture.ts'
import { createBucket } from './bucket.fixture.ts'
import { readRequest, refusalAnswer, type S3Answer, S3Refusal, type S3Request } from './exchange.fixture.ts'
import { type ChooseFault, send } from './faults.fixture.ts'
import { checkBody, checkSignature } from './signature.fixture.ts'

export interface S3ServerOptions extends S3Variant {
  /** @default "test-access" */
  accessKey?: string
  /** @default "test-secret" */
  secretKey?: string
  /** A bucket that is there from the start. @default "bucket" */
  bucket?: string
  /** What goes wrong with which request. It can also be set later, at `faults`. */
  faults?: ChooseFault
  /** Milliseconds since 1970. @default Date.now */
  now?: () => number
}

export interface S3Server extends AsyncDisposable {
  /** Of the store in the bucket: what `--storage` takes. */
  url: string
  /** The same below a prefix. */
  urlOf(prefix: string): string
  endpoint: string
  /** What the SDK's credential chain finds, and nothing else of this machine. */
  env: Record<string, string>
  /** How many requests of each operation came, by its name in the S3 API. */
  requests: Record<string, number>
  /** Bytes of bodies. */
  bytes: { in: number; out: number }
  faults: ChooseFault | undefined
  /** Number of objects in the bucket. */
  size(): number
  /** Puts an object into the bucket, as somebody else does. */
  put(key: string, body: Buffer): void
  /** How many connections were made. */
  connections(): number
  close(): Promise<void>
}

export async function startS3(options: S3ServerOptions = {}): Promise<S3Server> {
  const { accessKey = 'test-access', secretKey = 'test-secret', bucket = 'bucket', now = Date.now } = options
  const service: Service = { buckets: new Map([[bucket, createBucket()]]), variant: options }
  const server = createServer((message, response) => void handle(message, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const urlOf = (prefix: string) =>
    `s3://${bucket}${prefix && `/${prefix}`}?endpoint=${encodeURIComponent(endpoint)}&region=us-east-1&pathStyle=true`
  const started: S3Server = {
    url: urlOf(''),
    urlOf,
    endpoint,
    env: environmentOf(accessKey, secretKey),
    requests: {},
    bytes: { in: 0, out: 0 },
    faults: options.faults,
    size: () => service.buckets.get(bucket)!.size(),
    put: (key, body) => void service.buckets.get(bucket)!.put(key, body, now()),
    connections: () => connections,
    close,
    [Symbol.asyncDispose]: close,
  }
  let index = 0
  let connections = 0
  server.on('connection', () => connections++)

  async function handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const time = now()
    response.setHeader('date', new Date(time).toUTCString())
    const request = await readRequest(message, time).catch((error: unknown) => {
      if (error instanceof S3Refusal) send(response, refusalAnswer(error))
      else response.destroy() // the client went away
    })
    if (!request) return
    count(request)
    const fault = started.faults?.(request, index++)
    const answered = fault?.undone ? { status: 200 } : answerOf(request)
    const given = fault?.answer ?? answered
    started.bytes.out += request.method === 'HEAD' ? 0 : Buffer.byteLength(given.body ?? '')
    send(response, given, fault)
  }

  function answerOf(request: S3Request): S3Answer {
    try {
      checkSignature(request, { accessKey, secretKey })
      checkBody(request)
      return answer(service, request)
    } catch (error) {
      if (!(error instanceof S3Refusal)) throw error
      return refusalAnswer(error, request)
    }
  }

  function count({ operation, body }: S3Request): void {
    started.requests[operation] = (started.requests[operation] ?? 0) + 1
    started.bytes.in += body.length
  }

  async function close(): Promise<void> {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }

  return started
}

function environmentOf(accessKey: string, secretKey: string): Record<string, string> {
  return {
    AWS_ACCESS_KEY_ID: accessKey,
    AWS_SECRET_ACCESS_KEY: secretKey,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
  }
}
