// The SDK's client, set up for a store: nothing is tried again here (retrying.ts does that, who knows what may be), nothing
// is hashed twice, and no answer fills memory.
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { AetherError } from '../../core/errors.ts'
import { boundAnswers } from './bound-answers.ts'
import { statusOf } from './explain.ts'
import type { S3Options } from './s3-url.ts'

export interface S3Timeouts {
  /** Milliseconds until a connection stands. @default 5_000 */
  connect?: number
  /** Milliseconds in which no byte comes or goes. @default 30_000 */
  idle?: number
}

export interface S3ClientOptions extends S3Options {
  /** @default the SDK's chain: environment, profile, web identity, container, instance */
  credentials?: S3ClientConfig['credentials']
  timeouts?: S3Timeouts
}

/** Connections to the store at once. Requests beyond that wait for one, which counts as time to connect. */
export const MAX_CONNECTIONS = 64

const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {} }

/** @throws {AetherError} `invalid` when there is no region. */
export async function createS3Client(options: S3ClientOptions): Promise<S3Client> {
  const { endpoint, region = endpoint && 'us-east-1', pathStyle, profile, credentials, timeouts } = options
  const client = new S3Client({
    ...(region && { region }), // an undefined one is not looked up elsewhere
    ...(endpoint && { endpoint }),
    ...(profile && { profile }),
    ...(credentials && { credentials }),
    forcePathStyle: pathStyle,
    maxAttempts: 1,
    requestHandler: boundAnswers(createHandler(timeouts)),
    // Bodies come with the hub's own SHA-256, and what is read is checked by who knows its hash.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    expectContinueHeader: false, // with it the SDK opens a connection for every large body
    logger: SILENT,
  })
  client.middlewareStack.add(
    (next) => (args) => next(args).catch((error: unknown) => againWithRightClock(error, () => next(args))),
    { step: 'initialize', name: 'againWithRightClock' },
  )
  await checkRegion(client)
  return client
}

function createHandler({ connect = 5_000, idle = 30_000 }: S3Timeouts = {}): NodeHttpHandler {
  const agent = { keepAlive: true, maxSockets: MAX_CONNECTIONS }
  return new NodeHttpHandler({
    connectionTimeout: connect,
    socketTimeout: idle,
    httpAgent: agent,
    httpsAgent: agent,
    logger: SILENT,
  })
}

/** A machine whose clock is wrong is told so once; the SDK then counts from the store's time. Nothing was done. */
async function againWithRightClock<T>(error: unknown, perform: () => Promise<T>): Promise<T> {
  const { $metadata } = error as { $metadata?: { clockSkewCorrected?: boolean } }
  if (statusOf(error) !== 403 || !$metadata?.clockSkewCorrected) throw error
  return perform()
}

async function checkRegion(client: S3Client): Promise<void> {
  try {
    await client.config.region()
  } catch (cause) {
    client.destroy()
    throw new AetherError('invalid', 'Cannot open the store: the region of the bucket is not known', {
      cause,
      hint: 'Say region=… in the URL of the store, or set AWS_REGION',
    })
  }
}
