// The S3 door as others speak to it: the AWS CLI and rclone list a dataset and copy it bit for bit. The AWS SDK does so in
// src/protocols/s3/s3.test.ts.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { type DoorWorld, openDoorWorld } from './door-world.fixture.ts'
import { outside } from './outside.fixture.ts'

const run = promisify(execFile)
/** Longest that one program may take, in milliseconds. */
const LIMIT = 120_000
const KEYS = { AWS_ACCESS_KEY_ID: 'any', AWS_SECRET_ACCESS_KEY: 'thing', AWS_DEFAULT_REGION: 'us-east-1' }

/** Fails unless the keys of geo:latest are its files, and the one link to a file. */
function checkKeys(world: DoorWorld, listed: Iterable<string>): void {
  assert.deepEqual([...listed].sort(), [...world.files, 'link-to-csv'].sort())
}

describe('the S3 door', () => {
  it('gives the AWS CLI a dataset bit for bit', async (t) => {
    const tools = await outside(t, 'awscli', ['awscli'])
    if (!tools) return
    await using world = await openDoorWorld()
    // The packages are written for the Python of the system, not for the first one in the PATH.
    const python = [join(tools.root, 'usr/bin/python3'), '/usr/bin/python3'].find(existsSync) ?? 'python3'
    const env = {
      ...tools.env,
      ...KEYS,
      AWS_EC2_METADATA_DISABLED: 'true',
      PYTHONPATH: join(tools.root, 'usr/lib/python3/dist-packages'),
      HOME: world.at('.'),
      LC_ALL: 'C.UTF-8',
    }
    const options = { env, timeout: LIMIT }
    const aws = (...words: string[]) =>
      run(python, [join(tools.root, 'usr/bin/aws'), '--endpoint-url', `${world.url}/s3`, ...words], options)

    assert.match((await aws('s3', 'ls')).stdout, / geo$/m)
    assert.match((await aws('s3', 'ls', 's3://geo/')).stdout, /PRE latest\/\s+PRE v1\//)
    const words = ['s3api', 'list-objects-v2', '--bucket', 'geo', '--prefix', 'latest/', '--page-size', '5']
    const { Contents } = JSON.parse((await aws(...words, '--output', 'json')).stdout)
    checkKeys(
      world,
      Contents.map(({ Key }: { Key: string }) => Key.replace('latest/', '')),
    )

    await aws('s3', 'cp', '--recursive', '--only-show-errors', 's3://geo/latest/', world.at('copy'))
    await world.checkSums(world.at('copy'))
    const part = world.at('part')
    await aws(
      's3api',
      'get-object',
      '--bucket',
      'geo',
      '--key',
      'v1/random.bin',
      '--range',
      'bytes=1000000-1999999',
      part,
    )
    const whole = await readFile(join(world.source, 'random.bin'))
    assert.ok((await readFile(part)).equals(whole.subarray(1_000_000, 2_000_000)))

    const refused = await aws('s3', 'cp', world.sums, 's3://geo/latest/new').catch((error) => error)
    assert.match(refused.stderr, /MethodNotAllowed.*aetherfs push/s)
    const missing = await aws('s3api', 'get-object', '--bucket', 'geo', '--key', 'v1/none', part).catch(
      (error) => error,
    )
    assert.match(missing.stderr, /NoSuchKey/)
  })

  it('gives rclone a dataset bit for bit', async (t) => {
    const tools = await outside(t, 'webdav', ['litmus', 'cadaver', 'rclone'])
    if (!tools) return
    await using world = await openDoorWorld()
    const copy = world.at('copy')
    const flags = [
      '--s3-provider',
      'Other',
      '--s3-env-auth',
      '--s3-force-path-style',
      '--s3-endpoint',
      `${world.url}/s3`,
    ]
    const options = { env: { ...tools.env, ...KEYS }, timeout: LIMIT }
    const rclone = (...words: string[]) => run('rclone', [...words, ...flags, '--config', '/dev/null'], options)
    const { stdout } = await rclone('lsf', '--recursive', '--files-only', ':s3:geo/latest')
    checkKeys(world, stdout.trimEnd().split('\n'))
    await rclone('copy', ':s3:geo/latest', copy)
    await world.checkSums(copy)
  })
})
