// The in-process S3 of the tests against the list of checks that real services are held to.
import { after } from 'node:test'
import { type S3ServerOptions, startS3 } from '../testing/s3/start-s3.fixture.ts'
import { testConformance } from './conformance-suite.ts'
import type { Service } from './s3-calls.ts'
import { connectTo } from './test-bucket.ts'

async function start(options: S3ServerOptions): Promise<Service> {
  const server = await startS3(options)
  after(() => server.close())
  const { endpoint, env } = server
  const credentials = { accessKeyId: env.AWS_ACCESS_KEY_ID!, secretAccessKey: env.AWS_SECRET_ACCESS_KEY! }
  return {
    bucket: 'bucket',
    prefix: '',
    client: (config) => connectTo({ endpoint, region: 'us-east-1', credentials, ...config }),
  }
}

const likeAws = await start({})
testConformance('the in-process S3 as AWS', 'aws', () => likeAws)

// What the store in S3 has to get along with on Ceph is in its variant; these are other words for the same, and more than Ceph does.
const likeCeph = await start({ unquotedIfMatch: true, conditionalDelete: false })
testConformance('the in-process S3 as Ceph', 'ceph', () => likeCeph, [
  'keys have up to 1024 bytes',
  'PUT with If-Match does not match where nothing is',
  'a list that begins within a folded prefix has it once more',
  'a wrong SHA-256 is refused',
])
