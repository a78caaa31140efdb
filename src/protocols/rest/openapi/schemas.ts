// Messages as JSON Schema, in the form that proto3 JSON gives them: https://protobuf.dev/programming-guides/json/
import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf'
import { commentOf } from './comments.ts'

export type Json = { [key: string]: unknown }

export interface Schemas {
  /** A reference to the schema of a message, which is added if need be. */
  refer(message: DescMessage): Json
  /** All schemas by name, in order of names. */
  all(): Json
}

export function createSchemas(): Schemas {
  const found = new Map<string, Json>()

  function refer(message: DescMessage): Json {
    if (!found.has(message.name)) {
      found.set(message.name, {}) // there before its fields are looked at, which may be of the same type
      found.set(message.name, objectSchema(message, message.fields, refer))
    }
    return { $ref: `#/components/schemas/${message.name}` }
  }

  return { refer, all: () => Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1))) }
}

/** An object with these fields of a message. */
export function objectSchema(message: DescMessage, fields: readonly DescField[], refer: Schemas['refer']): Json {
  const properties = fields.map((field) => [
    field.jsonName,
    { ...fieldSchema(field, refer), ...described(commentOf(field)) },
  ])
  return { type: 'object', ...described(commentOf(message)), properties: Object.fromEntries(properties) }
}

export function fieldSchema(field: DescField, refer: Schemas['refer']): Json {
  switch (field.fieldKind) {
    case 'scalar':
      return scalarSchema(field.scalar)
    case 'message':
      return refer(field.message)
    case 'enum':
      return { type: 'string', enum: field.enum.values.map((value) => value.name) }
    case 'list':
      return { type: 'array', items: itemSchema(field, refer) }
    case 'map':
      return {
        type: 'object',
        additionalProperties: field.mapKind === 'message' ? refer(field.message) : itemSchema(field, refer),
      }
  }
}

function itemSchema(field: DescField & { fieldKind: 'list' | 'map' }, refer: Schemas['refer']): Json {
  if (field.message) return refer(field.message)
  if (field.enum) return { type: 'string', enum: field.enum.values.map((value) => value.name) }
  return scalarSchema(field.scalar!)
}

/** Integers of 64 bits are texts, because JSON readers often know only doubles. */
function scalarSchema(scalar: ScalarType): Json {
  switch (scalar) {
    case ScalarType.STRING:
      return { type: 'string' }
    case ScalarType.BYTES:
      return { type: 'string', contentEncoding: 'base64' }
    case ScalarType.BOOL:
      return { type: 'boolean' }
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return { type: 'number' }
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return { type: 'integer', format: 'int32' }
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return { type: 'integer', minimum: 0 }
    default:
      return { type: 'string', format: 'int64' }
  }
}

export function described(description: string): Json {
  return description === '' ? {} : { description }
}
