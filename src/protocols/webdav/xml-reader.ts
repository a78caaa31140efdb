// Reads small XML documents of strangers, as WebDAV sends them: elements and their namespaces (Namespaces in XML 1.0), strictly.
import { type Attribute, createScanner, malformed, type OpenTag, type Piece } from './xml-scanner.ts'

export interface XmlElement {
  /** "" for none. */
  namespace: string
  /** Without prefix. */
  name: string
  children: XmlElement[]
}

/** Elements within each other at most. */
const DEEPEST = 32

/** One level of declared prefixes; "" is the default namespace. */
interface Scope {
  declared: Map<string, string>
  outer: Scope | undefined
}

const XML = 'http://www.w3.org/XML/1998/namespace'
const XMLNS = 'http://www.w3.org/2000/xmlns/'
const OUTERMOST: Scope = { declared: new Map(Object.entries({ xml: XML, '': '' })), outer: undefined }

interface Opened {
  element: XmlElement
  /** As it was written. */
  tag: string
  scope: Scope
}

/** @throws {AetherError} `invalid` for what is not well-formed, and for document types */
export function readXml(bytes: Uint8Array): XmlElement {
  const scanner = createScanner(bytes)
  const opened: Opened[] = []
  let root: XmlElement | undefined
  scanner.declaration()
  for (let piece = scanner.next(); piece !== undefined; piece = scanner.next()) {
    if (opened.length === 0) checkOutside(piece)
    if (piece.kind === 'close') close(opened, piece.tag)
    if (piece.kind !== 'open') continue
    if (root !== undefined && opened.length === 0) throw malformed('there are two root elements')
    const entry = open(piece, opened.at(-1))
    root ??= entry.element
    if (!piece.isEmpty) opened.push(entry)
    if (opened.length > DEEPEST) throw malformed(`there are over ${DEEPEST} elements within each other`)
  }
  if (root === undefined || opened.length > 0) throw malformed('it ends too early')
  return root
}

function checkOutside(piece: Piece): void {
  if (piece.kind === 'cdata' || (piece.kind === 'text' && !piece.isBlank))
    throw malformed('there is text outside of the root element')
}

function close(opened: Opened[], tag: string): void {
  const entry = opened.pop()
  if (entry === undefined) throw malformed(`</${tag}> closes nothing`)
  if (entry.tag !== tag) throw malformed(`</${tag}> closes <${entry.tag}>`)
}

function open({ tag, attributes }: OpenTag, parent: Opened | undefined): Opened {
  const scope = scopeOf(attributes, parent?.scope ?? OUTERMOST)
  checkAttributes(attributes, scope)
  const [prefix, name] = split(tag)
  if (prefix === 'xmlns') throw malformed('an element has the prefix "xmlns"')
  const element = { namespace: namespaceOf(prefix, scope), name, children: [] }
  parent?.element.children.push(element)
  return { element, tag, scope }
}

/** The scope of an element: its parent's, or one of its own when it declares something. */
function scopeOf(attributes: readonly Attribute[], outer: Scope): Scope {
  const declared = new Map<string, string>()
  for (const { name, value } of attributes) {
    const [prefix, local] = split(name)
    if (name !== 'xmlns' && prefix !== 'xmlns') continue
    const declares = name === 'xmlns' ? '' : local
    checkDeclaration(declares, value)
    declared.set(declares, value)
  }
  return declared.size === 0 ? outer : { declared, outer }
}

/** Namespaces in XML 1.0, section 3 and 5. */
function checkDeclaration(prefix: string, namespace: string): void {
  if (prefix !== '' && namespace === '') throw malformed(`the prefix "${prefix}" stands for no namespace`)
  const isReserved = prefix === 'xmlns' || namespace === XMLNS || (prefix === 'xml') !== (namespace === XML)
  if (isReserved) throw malformed(`the prefix "${prefix}" is declared as what it may not be`)
}

function checkAttributes(attributes: readonly Attribute[], scope: Scope): void {
  const seen = new Set<string>()
  for (const { name } of attributes) {
    const [prefix, local] = split(name)
    const isDeclaration = name === 'xmlns' || prefix === 'xmlns'
    const full = prefix === '' || isDeclaration ? name : `{${namespaceOf(prefix, scope)}}${local}`
    if (seen.has(full)) throw malformed(`the attribute "${name}" is there twice`)
    seen.add(full)
  }
}

function namespaceOf(prefix: string, scope: Scope): string {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    const namespace = at.declared.get(prefix)
    if (namespace !== undefined) return namespace
  }
  throw malformed(`the prefix "${prefix}" is not declared`)
}

function split(tag: string): [prefix: string, local: string] {
  const colon = tag.indexOf(':')
  return colon < 0 ? ['', tag] : [tag.slice(0, colon), tag.slice(colon + 1)]
}
