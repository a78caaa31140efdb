// How a method is reached over REST, from its google.api.http annotation. Rules: google/api/http.proto. What our own
// services do not use (additional bindings, partial bodies) is refused when the server starts.
import { type DescMethod, getOption, hasOption } from '@bufbuild/protobuf'
import { http as httpOption } from '../../gen/google/api/annotations_pb.ts'
import type { Route } from '../route-table.ts'

export interface HttpRule {
  method: Route['method']
  template: string
  /** The body holds the request, without what stands in the path; otherwise the query does. */
  hasBody: boolean
}

const METHODS = { get: 'GET', put: 'PUT', post: 'POST', delete: 'DELETE', patch: 'PATCH' } as const

/** Undefined for a method that has no annotation. @throws {TypeError} for one that asks for more than we do. */
export function httpRuleOf(method: DescMethod): HttpRule | undefined {
  if (!hasOption(method, httpOption)) return undefined
  const { pattern, body, responseBody, additionalBindings } = getOption(method, httpOption)
  const known = pattern.case !== undefined && pattern.case !== 'custom'
  if (!known || !['', '*'].includes(body) || responseBody !== '' || additionalBindings.length > 0) {
    throw new TypeError(`The annotation of ${method.parent.typeName}.${method.name} is beyond what REST does here`)
  }
  return { method: METHODS[pattern.case], template: pattern.value, hasBody: body === '*' }
}
