// The storage suite on a real S3.
import { openStorage } from '../../src/storage/open-storage.ts'
import { testStorage } from '../../src/storage/storage-suite.ts'
import { newStoreUrl, openBucket } from './test-bucket.ts'

const bucket = openBucket()

testStorage('s3 on a real service', async () => ({ storage: await openStorage(newStoreUrl(bucket)) }))
