// One operation of the OpenAPI document for each method that has an annotation.
import type { DescField, DescMethod, DescService } from '@bufbuild/protobuf'
import { parseTemplate } from '../../path-template.ts'
import { type HttpRule, httpRuleOf } from '../http-rule.ts'
import { queryFields } from '../query.ts'
import { commentOf } from './comments.ts'
import { described, fieldSchema, type Json, objectSchema, type Schemas } from './schemas.ts'

export interface Operation {
  path: string
  verb: string
  operation: Json
}

export function operationsOf(service: DescService, schemas: Schemas): Operation[] {
  return service.methods.flatMap((method) => {
    const rule = httpRuleOf(method)
    return rule
      ? [{ path: rule.template, verb: rule.method.toLowerCase(), operation: operationOf(method, rule, schemas) }]
      : []
  })
}

function operationOf(method: DescMethod, { template, hasBody }: HttpRule, schemas: Schemas): Json {
  const inPath = parseTemplate(template).variables
  const comment = commentOf(method)
  const [summary = ''] = /^[^.]*\./.exec(comment) ?? [comment]
  const query = hasBody ? [] : queryFields(method.input, inPath)
  return {
    operationId: method.localName,
    tags: [method.parent.name],
    summary: summary.replace(/\.$/, ''),
    ...described(comment),
    parameters: [...inPath.map(pathParameter), ...query.map((field) => queryParameter(field, schemas))],
    ...(hasBody ? { requestBody: bodyOf(method, inPath, schemas) } : {}),
    responses: {
      200: { description: 'Done', content: { 'application/json': { schema: schemas.refer(method.output) } } },
      default: { $ref: '#/components/responses/Error' },
    },
  }
}

/** Path parameters are described once for all operations. */
export function pathParameter(name: string): Json {
  return { $ref: `#/components/parameters/${name}` }
}

function queryParameter(field: DescField, { refer }: Schemas): Json {
  return { name: field.jsonName, in: 'query', ...described(commentOf(field)), schema: fieldSchema(field, refer) }
}

function bodyOf({ input }: DescMethod, inPath: readonly string[], { refer }: Schemas): Json {
  const fields = input.fields.filter((field) => !inPath.includes(field.name))
  return { required: true, content: { 'application/json': { schema: objectSchema(input, fields, refer) } } }
}
