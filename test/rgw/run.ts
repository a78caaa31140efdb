// npm run test:rgw: the tests of this folder on a real S3. That is a Ceph of one node which is started for them, or the
// service that AETHERFS_RGW_ENDPOINT names, under the AWS_… variables. Where neither can be had it says so and ends with 0;
// with --required it ends with 1. Further arguments go to node --test.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { Skip } from '../testing/skip.ts'
import { startCluster } from './ceph-cluster.ts'
import { findCeph } from './ceph-packages.ts'
import { makeBucket } from './test-bucket.ts'

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(name, () => stop.abort(new Error(`It was ended by ${name}`)))

const args = process.argv.slice(2)
const isRequired = args.includes('--required')
process.exitCode = await main(args.filter((arg) => arg !== '--required'))

async function main(options: string[]): Promise<number> {
  await using opened = new AsyncDisposableStack()
  try {
    if (!process.env.AETHERFS_RGW_ENDPOINT) await startCeph(opened)
    opened.use(await makeBucket())
    return await runTests(options)
  } catch (error) {
    if (stop.signal.aborted) return 130
    if (!(error instanceof Skip)) throw error
    console.log(`npm run test:rgw was SKIPPED: ${error.message}`)
    return isRequired ? 1 : 0
  }
}

async function startCeph(opened: AsyncDisposableStack): Promise<void> {
  const ceph = await findCeph(stop.signal)
  const started = performance.now()
  const { endpoint, accessKeyId, secretAccessKey } = opened.use(await startCluster(ceph, stop.signal))
  console.log(`Started Ceph in ${((performance.now() - started) / 1000).toFixed(1)} s: ${endpoint}`)
  // Nothing of whoever runs this: neither their profile nor their keys.
  for (const name of Object.keys(process.env)) if (/^(AWS|AETHERFS)_/.test(name)) delete process.env[name]
  Object.assign(process.env, {
    AETHERFS_RGW_ENDPOINT: endpoint,
    AETHERFS_RGW_CEPH: '1',
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: 'us-east-1',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
  })
}

async function runTests(options: string[]): Promise<number> {
  stop.signal.throwIfAborted()
  const files = globSync(join(import.meta.dirname, '*.heavy.ts')).sort()
  const tests = spawn(process.execPath, ['--test', '--test-timeout=120000', ...options, ...files], { stdio: 'inherit' })
  stop.signal.addEventListener('abort', () => tests.kill('SIGTERM'))
  const [code] = (await once(tests, 'exit')) as [number | null]
  return stop.signal.aborted ? 130 : (code ?? 1)
}
