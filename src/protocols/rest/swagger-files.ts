// Where the files of Swagger UI lie: a published package brings them along, a clone has the package that they come from.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sha256Hex } from '../../core/id.ts'
import { HttpError } from '../http-error.ts'

/** Those that a page needs, with their content types; scripts/build.ts takes them along. */
export const SWAGGER_FILES = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
} as const

export type SwaggerFile = keyof typeof SWAGGER_FILES

export interface ServedFile {
  bytes: Uint8Array
  etag: string
}

const etags = new Map<string, string>()

/** @throws {HttpError} 404 in a clone without the packages for development */
export async function readSwaggerFile(name: SwaggerFile): Promise<ServedFile> {
  const bytes = await readFile(join(folder(), name)).catch((cause) => {
    throw new HttpError(404, 'not-found', 'Swagger UI is not installed here', { cause, hint: 'npm ci installs it' })
  })
  const etag = etags.get(name) ?? `"${sha256Hex(bytes)}"`
  etags.set(name, etag)
  return { bytes, etag }
}

function folder(): string {
  const brought = join(import.meta.dirname, '../../swagger-ui')
  if (existsSync(brought)) return brought
  try {
    return dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json')))
  } catch {
    return brought
  }
}
