// XML as S3 writes it, from plain values: a list is an element repeated, and what is undefined is left out.
import { xmlText } from '../xml-text.ts'

export type XmlValue = string | number | boolean | undefined | XmlFields | readonly XmlValue[]
export interface XmlFields {
  readonly [name: string]: XmlValue
}

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/'

/** Errors are in no namespace. */
export function xmlDocument(
  root: string,
  fields: XmlFields,
  { namespace = root === 'Error' ? '' : NAMESPACE } = {},
): string {
  const open = namespace === '' ? root : `${root} xmlns="${namespace}"`
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${open}>${contentOf(fields)}</${root}>`
}

function contentOf(fields: XmlFields): string {
  return Object.entries(fields)
    .map(([name, value]) => elementsOf(name, value))
    .join('')
}

function elementsOf(name: string, value: XmlValue): string {
  if (value === undefined) return ''
  if (Array.isArray(value)) return value.map((one) => elementsOf(name, one)).join('')
  const content =
    typeof value === 'object' ? contentOf(value as XmlFields) : xmlText(String(value), { keepControls: true })
  return `<${name}>${content}</${name}>`
}
