// Query parameters as fields of a request: one parameter for each field, repeated for lists, as google/api/http.proto says.
import { type DescField, type DescMessage, type JsonObject, type JsonValue, ScalarType } from '@bufbuild/protobuf'
import { AetherError } from '../../core/errors.ts'
import { decodePercent } from '../url-path.ts'

/** The fields that a query may set: those of a plain type that the path does not set already. */
export function queryFields(message: DescMessage, inPath: readonly string[]): DescField[] {
  return message.fields.filter(
    (field) =>
      !inPath.includes(field.name) && (isPlain(field) || (field.fieldKind === 'list' && field.listKind !== 'message')),
  )
}

function isPlain(field: DescField): boolean {
  return field.fieldKind === 'scalar' || field.fieldKind === 'enum'
}

/** The query as the JSON of a request. @throws {AetherError} `invalid` */
export function parseQuery(query: string, fields: readonly DescField[]): JsonObject {
  const result: JsonObject = {}
  for (const [name, text] of splitQuery(query)) {
    const field = fields.find((f) => f.name === name || f.jsonName === name)
    if (!field) throw unknownParameter(name, fields)
    const before = result[field.jsonName]
    const value = jsonValue(field, text)
    if (field.fieldKind === 'list') result[field.jsonName] = [...(Array.isArray(before) ? before : []), value]
    else if (before === undefined) result[field.jsonName] = value
    else throw new AetherError('invalid', `The query parameter "${name}" is there more than once`)
  }
  return result
}

function splitQuery(query: string): [name: string, value: string][] {
  const pairs = query.split('&').filter((pair) => pair !== '')
  return pairs.map((pair) => {
    const at = pair.includes('=') ? pair.indexOf('=') : pair.length
    return [decode(pair.slice(0, at)), decode(pair.slice(at + 1))]
  })
}

function decode(text: string): string {
  return decodePercent(text.replaceAll('+', ' '))
}

/** The text as proto3 JSON has it. Numbers may be texts there, so that only booleans and enums are special. */
function jsonValue(field: DescField, text: string): JsonValue {
  if (field.enum) return /^-?\d+$/.test(text) ? Number(text) : text
  if (field.scalar !== ScalarType.BOOL) return text
  if (text !== 'true' && text !== 'false')
    throw new AetherError('invalid', `The query parameter "${field.name}" is "true" or "false", not "${text}"`)
  return text === 'true'
}

function unknownParameter(name: string, fields: readonly DescField[]): AetherError {
  const known = fields.map((field) => field.jsonName).join(', ')
  return new AetherError('invalid', `There is no query parameter "${name}" here`, {
    hint: known ? `There are: ${known}` : 'There are none',
  })
}
