// A store on the in-process S3, opened in this process with credentials of its own.
import { parseS3Url } from '../../../src/storage/s3/s3-url.ts'
import { createS3Storage, type S3StorageOptions } from '../../../src/storage/s3.ts'
import type { Storage } from '../../../src/storage/storage.ts'
import type { S3Server } from './start-s3.fixture.ts'

export function openS3(
  { urlOf, env }: Pick<S3Server, 'urlOf' | 'env'>,
  { prefix = '', ...options }: Partial<S3StorageOptions> = {},
): Promise<Storage> {
  const credentials = { accessKeyId: env.AWS_ACCESS_KEY_ID!, secretAccessKey: env.AWS_SECRET_ACCESS_KEY! }
  return createS3Storage({ ...parseS3Url(urlOf(prefix)), credentials, ...options })
}
