// Takes the text of an XML document apart: XML 1.0 (fifth edition), strictly. There are no document types here, so there are no
// entities but the five that XML itself has, and what comes out is never more than what went in. Text is checked and then left
// out: no request that we take has any that matters.
import { AetherError } from '../../core/errors.ts'

const START =
  'A-Z_a-z\\u{C0}-\\u{D6}\\u{D8}-\\u{F6}\\u{F8}-\\u{2FF}\\u{370}-\\u{37D}\\u{37F}-\\u{1FFF}\\u{200C}-\\u{200D}'
const START_BEYOND =
  '\\u{2070}-\\u{218F}\\u{2C00}-\\u{2FEF}\\u{3001}-\\u{D7FF}\\u{F900}-\\u{FDCF}\\u{FDF0}-\\u{FFFD}\\u{10000}-\\u{EFFFF}'
const NAME = `[${START}${START_BEYOND}][${START}${START_BEYOND}\\-.0-9\\u{B7}\\u{300}-\\u{36F}\\u{203F}-\\u{2040}]*`
const SPACE = '[ \\t\\r\\n]'
const OPEN = new RegExp(`<(?:(?<prefix>${NAME}):)?(?<local>${NAME})`, 'uy')
const ATTRIBUTE = new RegExp(
  `${SPACE}+(?:(?<prefix>${NAME}):)?(?<local>${NAME})${SPACE}*=${SPACE}*(?:"(?<double>[^"<]*)"|'(?<single>[^'<]*)')`,
  'uy',
)
const OPEN_END = new RegExp(`${SPACE}*(?<empty>/)?>`, 'uy')
const CLOSE = new RegExp(`</(?:(?<prefix>${NAME}):)?(?<local>${NAME})${SPACE}*>`, 'uy')
const TEXT = /[^<]+/uy
const TARGET = new RegExp(`<\\?(?<target>${NAME})(?=${SPACE}|\\?>)`, 'uy')
const DECLARATION = new RegExp(
  `<\\?xml${SPACE}+version${SPACE}*=${SPACE}*["']1\\.\\d["'](?:${SPACE}+encoding${SPACE}*=${SPACE}*["'](?<encoding>[\\w.-]+)["'])?(?:${SPACE}+standalone${SPACE}*=${SPACE}*["'](?:yes|no)["'])?${SPACE}*\\?>`,
  'uy',
)
const NO_CHARACTER = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u

export interface Attribute {
  name: string
  value: string
}

export interface OpenTag {
  kind: 'open'
  tag: string
  attributes: Attribute[]
  isEmpty: boolean
}

export type Piece =
  | OpenTag
  | { kind: 'close'; tag: string }
  | { kind: 'text'; isBlank: boolean }
  | { kind: 'cdata' }
  | { kind: 'other' }

export interface Scanner {
  declaration(): void
  next(): Piece | undefined
}

/** @throws {AetherError} `invalid`, as all that it gives does */
export function createScanner(bytes: Uint8Array): Scanner {
  const text = decode(bytes)
  let at = 0

  function take(pattern: RegExp): Record<string, string | undefined> | undefined {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (match === null) return undefined
    at = pattern.lastIndex
    return { ...match.groups, all: match[0] }
  }

  function must(pattern: RegExp, what: string): Record<string, string | undefined> {
    return take(pattern) ?? fail(`there is a malformed ${what} in line ${text.slice(0, at).split('\n').length}`)
  }

  function openTag(): OpenTag {
    const tag = tagOf(must(OPEN, 'tag'))
    const attributes: Attribute[] = []
    for (let found = take(ATTRIBUTE); found !== undefined; found = take(ATTRIBUTE))
      attributes.push({ name: tagOf(found), value: expand(found.double ?? found.single ?? '') })
    return { kind: 'open', tag, attributes, isEmpty: must(OPEN_END, 'tag').empty !== undefined }
  }

  function someText(): Piece {
    const { all = '' } = must(TEXT, 'text')
    if (all.includes(']]>')) throw malformed('there is a "]]>" in its text')
    return { kind: 'text', isBlank: !/[^ \t\r\n]/.test(expand(all)) }
  }

  /** Moves behind the next `end`. */
  function skip(begin: string, end: string, what: string): void {
    const found = text.indexOf(end, at + begin.length)
    if (found < 0) throw malformed(`a ${what} does not end`)
    at = found + end.length
  }

  function comment(): Piece {
    skip('<!--', '--', 'comment')
    if (text[at] !== '>') throw malformed('there is a "--" in a comment')
    at += 1
    return { kind: 'other' }
  }

  function cdata(): Piece {
    skip('<![CDATA[', ']]>', 'CDATA section')
    return { kind: 'cdata' }
  }

  function instruction(): Piece {
    const { target = '' } = must(TARGET, 'processing instruction')
    if (target.toLowerCase() === 'xml') throw malformed('the XML declaration does not stand at its beginning')
    skip('', '?>', 'processing instruction')
    return { kind: 'other' }
  }

  return {
    declaration() {
      const encoding = take(DECLARATION)?.encoding ?? 'utf-8'
      if (!/^(?:utf-?8|utf-?16|us-ascii)$/i.test(encoding))
        throw malformed(`the encoding "${encoding}" is not taken here`)
    },
    next() {
      if (at === text.length) return undefined
      if (text[at] !== '<') return someText()
      if (text.startsWith('<!--', at)) return comment()
      if (text.startsWith('<![CDATA[', at)) return cdata()
      if (text.startsWith('<!', at)) throw malformed('document types and entities are not taken here')
      if (text.startsWith('<?', at)) return instruction()
      return text.startsWith('</', at) ? { kind: 'close', tag: tagOf(must(CLOSE, 'tag')) } : openTag()
    },
  }
}

function tagOf({ prefix, local = '' }: Record<string, string | undefined>): string {
  return prefix === undefined ? local : `${prefix}:${local}`
}

function decode(bytes: Uint8Array): string {
  const [first, second] = bytes
  const encoding =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8'
  let text: string
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch (cause) {
    throw malformed(`it is no ${encoding.toUpperCase()}`, cause)
  }
  if (NO_CHARACTER.test(text)) throw malformed('it has a character that XML does not allow')
  return text
}

const PREDEFINED = new Map(Object.entries({ lt: '<', gt: '>', amp: '&', apos: "'", quot: '"' }))

/** Text with its references replaced. */
function expand(text: string): string {
  return text.replace(/&(?:(\w+);|#(\d{1,7});|#x([\da-fA-F]{1,6});)?/g, (_, name, decimal, hex) => {
    if (name !== undefined) return PREDEFINED.get(name) ?? fail(`the entity "${name}" is not known here`)
    if (decimal === undefined && hex === undefined) return fail('there is a "&" that begins no reference')
    return characterOf(decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal))
  })
}

function characterOf(code: number): string {
  const character = code > 0x10ffff ? '' : String.fromCodePoint(code)
  return character === '' || NO_CHARACTER.test(character) ? fail('a reference is to no character') : character
}

function fail(reason: string): never {
  throw malformed(reason)
}

export function malformed(reason: string, cause?: unknown): AetherError {
  return new AetherError('invalid', `Cannot read the XML of the request: ${reason.slice(0, 200)}`, { cause })
}
