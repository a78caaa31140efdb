// The properties that files and folders have: RFC 4918, section 15. All of them are live, and none can be changed.
import type { TreeFile, TreeFolder } from '../../dataset/tree/readable-tree.ts'
import { contentTypeOf } from '../content-type.ts'
import { httpDate, isoDate } from '../http-date.ts'
import { xmlText } from '../xml-text.ts'
import { DAV, type PropertyName } from './property-name.ts'

export type Resource = TreeFile | TreeFolder

/** The XML in the property; undefined when the resource has no such property. */
type Show = (resource: Resource, name: string) => string | undefined

const PROPERTIES: Readonly<Record<string, Show>> = {
  resourcetype: ({ kind }) => (kind === 'folder' ? '<D:collection/>' : ''),
  displayname: (_, name) => xmlText(name),
  getcontentlength: (resource) => (resource.kind === 'file' ? String(resource.size) : undefined),
  getcontenttype: (resource) => (resource.kind === 'file' ? xmlText(contentTypeOf(resource.name)) : undefined),
  getetag: (resource) => (resource.kind === 'file' ? `&quot;${resource.hash}&quot;` : undefined),
  getlastmodified: (resource) => timeOf(resource, httpDate),
  // When a file was made nobody keeps. Windows shows an empty field without it, so it is the same.
  creationdate: (resource) => timeOf(resource, isoDate),
  supportedlock: () => '',
}

export const PROPERTY_NAMES: readonly PropertyName[] = Object.keys(PROPERTIES).map((name) => ({ namespace: DAV, name }))

/** @param shown name under which the resource stands, which is not its own when it was reached by a link */
export function propertyOf(resource: Resource, shown: string, { namespace, name }: PropertyName): string | undefined {
  if (namespace !== DAV || !Object.hasOwn(PROPERTIES, name)) return undefined
  return PROPERTIES[name]!(resource, shown)
}

/** Undefined where nobody knows: of datasets and scopes. */
function timeOf({ kind, modifiedMicros }: Resource, write: (micros: number) => string | undefined): string | undefined {
  return kind === 'folder' && modifiedMicros === 0 ? undefined : write(modifiedMicros)
}
