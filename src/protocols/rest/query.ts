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
  for (const [name, texts] of splitQuery(query)) {
    const field = fields.find((f) => f.name === name || f.jsonName === name)
    if (!field) throw unknownParameter(name, fields)
    if (field.fieldKind !== 'list' && texts.length > 1)
      throw new AetherError('invalid', `The query parameter "${name}" is there ${texts.length} times`)
    const values = texts.map((text) => jsonValue(field, text))
    result[field.jsonName] = field.fieldKind === 'list' ? values : values[0]!
  }
  return result
}

/** Values by name, in the order in which they came. */
function splitQuery(query: string): Map<string, string[]> {
  const values = new Map<string, string[]>()
  for (const pair of query.split('&')) {
    if (pair === '') continue
    const at = pair.indexOf('=')
    const [name, value] = (at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)]).map((text) =>
      decodePercent(text.replaceAll('+', ' ')),
    ) as [string, string]
    values.set(name, [...(values.get(name) ?? []), value])
  }
  return values
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
