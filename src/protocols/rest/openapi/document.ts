// The OpenAPI 3.1 document of the REST API: https://spec.openapis.org/oas/v3.1.0. scripts/generate.ts writes it to src/gen.
import type { DescService } from '@bufbuild/protobuf'
import { ERROR_CODES } from '../../../core/errors.ts'
import { bulkOperations } from './bulk-operations.ts'
import { commentOf, fileComment } from './comments.ts'
import { type Operation, operationsOf } from './operations.ts'
import { createSchemas, type Json } from './schemas.ts'

const HEX = '[0-9a-f]{64}'

const PARAMETERS: Json = {
  dataset: textParameter(
    'dataset',
    'name, or @scope/name: as two segments of the path, or as one with the slash encoded',
    '^(@[a-z0-9._-]+/)?[a-z0-9._-]+$',
  ),
  tag: textParameter('tag', 'Name of a version or a channel', '^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,127}$'),
  digest: textParameter('digest', 'Digest of a snapshot', `^sha256:${HEX}$`),
  from: textParameter('from', 'Digest of the snapshot that a delta starts from', `^sha256:${HEX}$`),
  to: textParameter('to', 'Digest of the snapshot that a delta makes', `^sha256:${HEX}$`),
  id: textParameter('id', 'Id of a block', `^${HEX}$`),
}

/** `services` with source information, or there are no descriptions. */
export function openApiDocument(services: readonly DescService[]): Json {
  const schemas = createSchemas()
  const operations = [...services.flatMap((service) => operationsOf(service, schemas)), ...bulkOperations()]
  return {
    openapi: '3.1.0',
    info: {
      title: 'AetherFS',
      version: '2',
      description: services.map((service) => fileComment(service.file)).join('\n\n'),
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [
      ...services.map((service) => ({ name: service.name, description: commentOf(service) })),
      { name: 'Bulk', description: 'Bytes over plain HTTP.' },
    ],
    paths: pathsOf(operations),
    components: {
      parameters: PARAMETERS,
      responses: {
        Error: {
          description: 'What went wrong',
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Errors' } } },
        },
      },
      schemas: { ...schemas.all(), Errors: errorsSchema() },
    },
  }
}

function pathsOf(operations: readonly Operation[]): Json {
  const byPath = Map.groupBy(operations, (operation) => operation.path)
  return Object.fromEntries(
    [...byPath].map(([path, group]) => [
      path,
      Object.fromEntries(group.map(({ verb, operation }) => [verb, operation])),
    ]),
  )
}

function textParameter(name: string, description: string, pattern: string): Json {
  return { name, in: 'path', required: true, description, schema: { type: 'string', pattern } }
}

function errorsSchema(): Json {
  const error = {
    type: 'object',
    required: ['code', 'message', 'detail'],
    properties: {
      code: { type: 'string', enum: ERROR_CODES },
      message: { type: 'string', description: 'One sentence for people' },
      detail: {
        type: 'object',
        description: 'Facts for programs, and in "hint" what to do next',
        additionalProperties: { type: 'string' },
      },
    },
  }
  const requestId = {
    type: 'string',
    description: 'Names the request in the hub’s log; also in the header x-request-id',
  }
  return {
    type: 'object',
    required: ['errors', 'requestId'],
    properties: { errors: { type: 'array', items: error }, requestId },
  }
}
