// What a PROPFIND asks for: RFC 4918, sections 9.1, 14.20 and 17.
import { AetherError } from '../../core/errors.ts'
import { PROPERTY_NAMES } from './properties.ts'
import { DAV, type PropertyName } from './property-name.ts'
import { readXml, type XmlElement } from './xml-reader.ts'

export type PropfindRequest =
  /** All properties that there are, with a word on these others. */
  | { kind: 'all'; others: PropertyName[] }
  /** Their names alone. */
  | { kind: 'names' }
  /** These, with a word on those that there are not. */
  | { kind: 'some'; names: PropertyName[] }

/** Longest body, in bytes. */
export const MAX_PROPFIND = 64 * 1024
/** More properties are not looked up at once: each entry of a folder repeats those that it does not have. */
const MAX_NAMES = 256

/** @throws {AetherError} `invalid`; `too-large` for more properties than anybody needs */
export function parsePropfind(body: Uint8Array): PropfindRequest {
  if (body.length === 0) return { kind: 'all', others: [] }
  const root = readXml(body)
  if (!isDav(root, 'propfind')) throw invalid(`its root is "${root.name}", not "propfind" of the namespace "${DAV}"`)
  // Elements that are not known are passed over, as are those that belong to none of the three forms.
  const forms = root.children.filter((child) => ['prop', 'propname', 'allprop'].some((name) => isDav(child, name)))
  const [form] = forms
  if (form === undefined || forms.length > 1) throw invalid('it has to have one of "prop", "propname" and "allprop"')
  if (form.name === 'allprop') return { kind: 'all', others: includedBy(root) }
  return form.name === 'propname' ? { kind: 'names' } : { kind: 'some', names: namesOf(form) }
}

/** Of what "include" names, that which "allprop" does not tell anyway. */
function includedBy(root: XmlElement): PropertyName[] {
  const included = root.children.find((child) => isDav(child, 'include'))
  const names = included === undefined ? [] : namesOf(included)
  return names.filter(
    ({ namespace, name }) => !PROPERTY_NAMES.some((p) => p.name === name && p.namespace === namespace),
  )
}

function namesOf({ children }: XmlElement): PropertyName[] {
  const byText = new Map(children.map(({ namespace, name }) => [`{${namespace}}${name}`, { namespace, name }]))
  if (byText.size > MAX_NAMES)
    throw new AetherError('too-large', `At most ${MAX_NAMES} properties are told at once, not ${byText.size}`)
  return [...byText.values()]
}

function isDav(element: XmlElement, name: string): boolean {
  return element.namespace === DAV && element.name === name
}

function invalid(reason: string): AetherError {
  return new AetherError('invalid', `Cannot take the body of the PROPFIND: ${reason}`)
}
