// A real service against the list of checks that the in-process S3 is held to.
import { testConformance } from './conformance-suite.ts'
import { openBucket } from './test-bucket.ts'

const isCeph = process.env.AETHERFS_RGW_CEPH === '1'

testConformance('a real S3', isCeph ? 'ceph' : 'unknown', () => {
  const { name, prefix, client } = openBucket()
  return { bucket: name, prefix, client }
})
