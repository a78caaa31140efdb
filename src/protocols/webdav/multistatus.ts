// Answers to PROPFIND, in pieces: RFC 4918, section 13. "D" is the namespace of WebDAV throughout.
import { xmlText } from '../xml-text.ts'
import { PROPERTY_NAMES, propertyOf, type Resource } from './properties.ts'
import { DAV, type PropertyName } from './property-name.ts'
import type { PropfindRequest } from './propfind-request.ts'

export const MULTISTATUS_BEGIN = `<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus xmlns:D="${DAV}">`
export const MULTISTATUS_END = '</D:multistatus>\n'

export interface Shown {
  /** Decoded parts of the path below the root of the server. */
  path: readonly string[]
  resource: Resource
}

/** What is said of one resource. */
export function responseXml({ path, resource }: Shown, request: PropfindRequest): string {
  const name = path.at(-1) ?? ''
  const known: string[] = []
  const unknown: string[] = []
  for (const property of namesFor(request)) {
    const value = propertyOf(resource, name, property)
    if (value !== undefined) known.push(element(property, request.kind === 'names' ? '' : value))
    else if (request.kind === 'some' || !PROPERTY_NAMES.includes(property)) unknown.push(element(property, ''))
  }
  const stats = [propstat(known, '200 OK'), propstat(unknown, '404 Not Found')].join('')
  // There has to be one, though nothing was asked for.
  return `<D:response><D:href>${xmlText(hrefOf(path, resource))}</D:href>${stats || emptyPropstat()}</D:response>\n`
}

function namesFor(request: PropfindRequest): readonly PropertyName[] {
  if (request.kind === 'some') return request.names
  return request.kind === 'all' ? [...PROPERTY_NAMES, ...request.others] : PROPERTY_NAMES
}

function propstat(properties: readonly string[], status: string): string {
  return properties.length === 0 ? '' : propstatOf(properties.join(''), status)
}

function emptyPropstat(): string {
  return propstatOf('', '200 OK')
}

function propstatOf(properties: string, status: string): string {
  return `<D:propstat><D:prop>${properties}</D:prop><D:status>HTTP/1.1 ${status}</D:status></D:propstat>`
}

function element({ namespace, name }: PropertyName, value: string): string {
  const [open, close] = namespace === DAV ? [`D:${name}`, `D:${name}`] : [`${name} xmlns="${xmlText(namespace)}"`, name]
  return value === '' ? `<${open}/>` : `<${open}>${value}</${close}>`
}

/** With a slash at its end for folders, as clients expect. */
export function hrefOf(path: readonly string[], { kind }: Pick<Resource, 'kind'>): string {
  const text = path.map((part) => `/${encodePart(part)}`).join('')
  return kind === 'folder' ? `${text}/` : text
}

/** "@" stays: clients compare addresses letter by letter with those that they made themselves, and all of them let it stand. */
function encodePart(part: string): string {
  return encodeURIComponent(part).replaceAll('%40', '@')
}
