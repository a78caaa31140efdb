// How paths and targets stand in the text of a listing. Its fields are parted by spaces and its lines by line feeds, so these
// and the escape character itself are written with two characters. The law: docs/format.md, section 2.
const BACKSLASH = 0x5c
const CODES: Readonly<Record<string, number>> = { _: 0x20, n: 0x0a, '\\': BACKSLASH }

export function escapeText(text: string): string {
  return /[\\ \n]/.test(text)
    ? text.replace(/[\\ \n]/g, (c) => (c === ' ' ? '\\_' : c === '\n' ? '\\n' : '\\\\'))
    : text
}

export function unescapeText(text: string): string {
  return text.includes('\\') ? text.replace(/\\([\\_n])/g, (_, c) => (c === '_' ? ' ' : c === 'n' ? '\n' : '\\')) : text
}

/** Some of the bytes of a longer text. */
export interface Span {
  bytes: Buffer
  /** First byte. */
  start: number
  /** Behind the last byte. */
  end: number
}

/** How many bytes two spans begin with alike. */
export function commonLength(a: Span, b: Span): number {
  const most = Math.min(a.end - a.start, b.end - b.start)
  let same = 0
  while (same < most && a.bytes[a.start + same] === b.bytes[b.start + same]) same++
  return same
}

/**
 * Order of two escaped texts by the bytes that they stand for: negative, 0 or positive.
 * @param same bytes that both begin with
 */
export function compareEscaped(a: Span, b: Span, same: number = commonLength(a, b)): number {
  const at = isInCode(a, same) ? same - 1 : same
  return plainByte(a, at) - plainByte(b, at)
}

/** Whether the byte at this place is the second one of a code: then an odd number of backslashes stands before it. */
function isInCode({ bytes, start }: Span, at: number): boolean {
  let first = start + at
  while (first > start && bytes[first - 1] === BACKSLASH) first--
  return (start + at - first) % 2 === 1
}

/** The byte that stands at this place, where no code is cut through; -1 behind the end. */
function plainByte({ bytes, start, end }: Span, at: number): number {
  if (start + at >= end) return -1
  const byte = bytes[start + at]!
  return byte === BACKSLASH ? CODES[String.fromCharCode(bytes[start + at + 1]!)]! : byte
}
