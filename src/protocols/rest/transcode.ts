// The unary calls as REST: path, query and body become the request message, the response becomes JSON (proto3 JSON,
// https://protobuf.dev/programming-guides/json/). There is one definition for RPC and REST, the .proto file.
import {
  type DescField,
  type DescMessage,
  type DescMethodUnary,
  fromJson,
  type JsonObject,
  type JsonValue,
  type Message,
  toJson,
} from '@bufbuild/protobuf'
import { AetherError } from '../../core/errors.ts'
import { sendJson } from '../answer.ts'
import type { Exchange } from '../exchange.ts'
import { parseTemplate, type Variables } from '../path-template.ts'
import type { Route } from '../route-table.ts'
import type { BoundCall } from '../unary-calls.ts'
import { type HttpRule, httpRuleOf } from './http-rule.ts'
import { readJsonBody } from './json-body.ts'
import { parseQuery, queryFields } from './query.ts'

/** @throws {TypeError} for annotations that cannot be served. */
export function restRoutes(calls: readonly BoundCall[]): Route[] {
  return calls.flatMap((call) => {
    const rule = httpRuleOf(call.method)
    return rule ? [restRoute(call, rule)] : []
  })
}

function restRoute({ method, run }: BoundCall, { method: verb, template, hasBody }: HttpRule): Route {
  const inPath = parseTemplate(template).variables
  for (const name of inPath) fieldsOf(method, name)
  const fields = hasBody ? [] : queryFields(method.input, inPath)

  async function handle(exchange: Exchange, variables: Variables): Promise<void> {
    const { query, caller, signal } = exchange
    const parameters = parseQuery(query, fields)
    const body = hasBody ? await readJsonBody(exchange) : {}
    const request = parseRequest(method, { ...parameters, ...withPath(method, body, variables) })
    const response = await run(request, { caller, signal })
    return sendJson(exchange, 200, toJson(method.output, response, { alwaysEmitImplicit: true }))
  }

  return { method: verb, template, handle }
}

/** The fields that a dotted name goes through. @throws {TypeError} when the last is no plain one */
function fieldsOf(method: DescMethodUnary, name: string): DescField[] {
  const fields: DescField[] = []
  let message: DescMessage | undefined = method.input
  for (const part of name.split('.')) {
    const field: DescField | undefined = message?.fields.find((f) => f.name === part)
    if (!field) break
    fields.push(field)
    message = field.message
  }
  if (fields.length !== name.split('.').length || fields.at(-1)!.fieldKind !== 'scalar')
    throw new TypeError(`The path of ${method.name} names "${name}", which is no plain field of its request`)
  return fields
}

/** What stands in the path may stand in the body too, but only if it is the same. */
function withPath(method: DescMethodUnary, body: JsonObject, variables: Variables): JsonObject {
  return Object.entries(variables).reduce(
    (request, [name, value]) => withField(request, fieldsOf(method, name), name, value),
    body,
  )
}

function withField(json: JsonObject, [field, ...inner]: DescField[], path: string, value: string): JsonObject {
  const { name, jsonName } = field!
  const { [name]: _, ...others } = json
  const inBody: JsonValue | undefined = json[jsonName] ?? json[name]
  if (inner.length > 0) return { ...others, [jsonName]: withField(objectOf(inBody), inner, path, value) }
  if (inBody !== undefined && inBody !== '' && inBody !== value)
    throw new AetherError(
      'invalid',
      `The body says ${JSON.stringify(inBody)} for "${path}", and the path says "${value}"`,
    )
  return { ...others, [jsonName]: value }
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}

function parseRequest(method: DescMethodUnary, json: JsonObject): Message {
  try {
    return fromJson(method.input, json)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new AetherError('invalid', `Cannot read the request: ${reason}`, { cause })
  }
}
