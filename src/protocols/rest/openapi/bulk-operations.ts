// The routes of plain HTTP for bulk bytes, which no .proto file describes.
import type { Operation } from './operations.ts'
import { pathParameter } from './operations.ts'
import type { Json } from './schemas.ts'

const SNAPSHOT = '/api/v2/datasets/{dataset}/snapshots/{digest}'
const DELTA = '/api/v2/datasets/{dataset}/snapshots/{to}/deltas/{from}'
const BYTES = { 'application/octet-stream': {} }
const ERROR = { $ref: '#/components/responses/Error' }

const HEADERS: Json = {
  ETag: { description: 'Strong; names the bytes', schema: { type: 'string' } },
  'Accept-Ranges': { schema: { type: 'string', const: 'bytes' } },
}

export function bulkOperations(): Operation[] {
  return [
    download(
      `${SNAPSHOT}/blocks/{id}`,
      'readBlock',
      ['dataset', 'digest', 'id'],
      'Reads a block that the snapshot uses',
      'Never changes, so it may be kept for ever',
    ),
    download(
      `${SNAPSHOT}/record`,
      'readRecord',
      ['dataset', 'digest'],
      'Reads the stored record of a snapshot',
      'It may be rewritten under the same digest, so ask with If-None-Match',
    ),
    delta(),
    upload(),
    deltaUpload(),
  ]
}

function download(path: string, operationId: string, parameters: string[], summary: string, more: string): Operation {
  const operation = {
    operationId,
    tags: ['Bulk'],
    summary,
    description: `${summary}. ${more}. One byte range, If-None-Match, If-Match and If-Range are understood, and HEAD as well.`,
    parameters: [...parameters.map(pathParameter), { name: 'Range', in: 'header', schema: { type: 'string' } }],
    responses: {
      200: { description: 'All bytes', headers: HEADERS, content: BYTES },
      206: {
        description: 'The range that was asked for',
        headers: { ...HEADERS, 'Content-Range': { schema: { type: 'string' } } },
        content: BYTES,
      },
      304: { description: 'The client has these bytes already' },
      416: ERROR,
      default: ERROR,
    },
  }
  return { path, verb: 'get', operation }
}

function delta(): Operation {
  return download(
    DELTA,
    'readDelta',
    ['dataset', 'to', 'from'],
    'Reads the delta from one snapshot to another',
    'It is made when it is not stored, and then sent as it comes; 404 when none is worth having, 503 when too many are being made. With Cache-Control: no-cache the hub checks a stored one before',
  )
}

function deltaUpload(): Operation {
  const text = { type: 'string' }
  const block = {
    type: 'object',
    required: ['id', 'size', 'tailSize', 'tailSha256', 'tail', 'receipt'],
    properties: {
      id: text,
      size: { type: 'integer' },
      tailSize: { type: 'integer' },
      tailSha256: text,
      tail: { type: 'string', format: 'byte' },
      receipt: { type: 'string', description: 'For publishSnapshot; good for a day' },
    },
  }
  const blocks = { type: 'object', required: ['blocks'], properties: { blocks: { type: 'array', items: block } } }
  const operation = {
    operationId: 'sendDelta',
    tags: ['Bulk'],
    summary: 'Stores what is new in a snapshot that is yet to be published',
    description:
      'The body is a delta from a snapshot of the dataset, with Content-Length. The hub checks all of it, and tells the blocks into which it has put what is new.',
    parameters: ['dataset', 'to', 'from'].map(pathParameter),
    requestBody: { required: true, content: BYTES },
    responses: {
      201: { description: 'Stored', content: { 'application/json': { schema: blocks } } },
      411: ERROR,
      413: ERROR,
      422: ERROR,
      default: ERROR,
    },
  }
  return { path: DELTA, verb: 'put', operation }
}

function upload(): Operation {
  const receipt = {
    type: 'object',
    required: ['receipt'],
    properties: { receipt: { type: 'string', description: 'For publishSnapshot; good for a day' } },
  }
  const operation = {
    operationId: 'uploadBlock',
    tags: ['Bulk'],
    summary: 'Stores a block for a push',
    description: 'The body is the block, with Content-Length. The hub checks all of it before it answers.',
    parameters: [pathParameter('dataset'), pathParameter('id')],
    requestBody: { required: true, content: BYTES },
    responses: {
      201: { description: 'Stored', content: { 'application/json': { schema: receipt } } },
      411: ERROR,
      413: ERROR,
      422: ERROR,
      default: ERROR,
    },
  }
  return { path: '/api/v2/datasets/{dataset}/blocks/{id}', verb: 'put', operation }
}
