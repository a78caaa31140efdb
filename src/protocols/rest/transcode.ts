// The unary calls as REST: path, query and body become the request message, the response becomes JSON (proto3 JSON,
// https://protobuf.dev/programming-guides/json/). There is one definition for RPC and REST, the .proto file.
import {
  type DescField,
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
  for (const name of inPath) requireText(method, name)
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

/** @throws {TypeError} */
function requireText(method: DescMethodUnary, name: string): DescField {
  const field = method.input.fields.find((f) => f.name === name)
  if (field?.fieldKind !== 'scalar')
    throw new TypeError(`The path of ${method.name} names "${name}", which is no plain field of its request`)
  return field
}

/** What stands in the path may stand in the body too, but only if it is the same. */
function withPath(method: DescMethodUnary, body: JsonObject, variables: Variables): JsonObject {
  const request = { ...body }
  for (const [name, value] of Object.entries(variables)) {
    const { jsonName } = requireText(method, name)
    const inBody: JsonValue | undefined = request[jsonName] ?? request[name]
    if (inBody !== undefined && inBody !== '' && inBody !== value) {
      throw new AetherError(
        'invalid',
        `The body says ${JSON.stringify(inBody)} for "${name}", and the path says "${value}"`,
      )
    }
    delete request[name]
    request[jsonName] = value
  }
  return request
}

function parseRequest(method: DescMethodUnary, json: JsonObject): Message {
  try {
    return fromJson(method.input, json)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new AetherError('invalid', `Cannot read the request: ${reason}`, { cause })
  }
}
