// /api/docs/: the REST API in Swagger UI, to look at and to try. Everything comes from here; nothing is sent anywhere else.
import { sha256Hex } from '../../core/id.ts'
import { sendEmpty } from '../answer.ts'
import type { Exchange } from '../exchange.ts'
import { HttpError } from '../http-error.ts'
import type { Route } from '../route-table.ts'
import { sendPart } from '../send-part.ts'
import { readSwaggerFile, type ServedFile, SWAGGER_FILES, type SwaggerFile } from './swagger-files.ts'

const PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>AetherFS API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="favicon-32x32.png"><link rel="stylesheet" href="swagger-ui.css"></head>
<body><div id="swagger-ui"></div><script src="swagger-ui-bundle.js"></script><script src="start.js"></script></body></html>
`
/** Without the address of a validator the page asks swagger.io about the document. */
const START = `SwaggerUIBundle({ url: '../openapi.json', dom_id: '#swagger-ui', deepLinking: true, validatorUrl: null })
`
/** The page sets styles one by one, and has its small pictures in the style sheet. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

export const docsRoutes: Route[] = [
  {
    method: 'GET',
    template: '/api/docs',
    open: true,
    handle: (exchange) => sendEmpty(exchange, 302, { location: '/api/docs/' }),
  },
  {
    method: 'GET',
    template: '/api/docs/{path}',
    open: true,
    handle: (exchange, { path = '' }) => send(exchange, path),
  },
]

async function send(exchange: Exchange, name: string): Promise<void> {
  const { file, type } = await find(name)
  return sendPart(exchange, {
    size: file.bytes.length,
    etag: file.etag,
    cacheControl: 'public, no-cache',
    contentType: type,
    headers: { 'content-security-policy': POLICY, 'referrer-policy': 'no-referrer' },
    read: (range, use) => use(range ? file.bytes.subarray(range.offset, range.offset + range.length) : file.bytes),
  })
}

async function find(name: string): Promise<{ file: ServedFile; type: string }> {
  if (name === '') return { file: own(PAGE), type: 'text/html; charset=utf-8' }
  if (name === 'start.js') return { file: own(START), type: 'text/javascript; charset=utf-8' }
  if (!Object.hasOwn(SWAGGER_FILES, name)) throw new HttpError(404, 'not-found', 'There is no such page')
  return { file: await readSwaggerFile(name as SwaggerFile), type: SWAGGER_FILES[name as SwaggerFile] }
}

function own(text: string): ServedFile {
  return { bytes: Buffer.from(text), etag: `"${sha256Hex(text)}"` }
}
