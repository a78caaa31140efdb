// The storage suite on a real S3.

import { parseS3Url } from '../../src/storage/s3/s3-url.ts'
import { createS3Storage } from '../../src/storage/s3.ts'
import { testStorage } from '../../src/storage/storage-suite.ts'
import { newStoreUrl, openBucket } from './test-bucket.ts'

const bucket = openBucket()

testStorage('s3 on a real service', async () => ({ storage: await createS3Storage(parseS3Url(newStoreUrl(bucket))) }))
