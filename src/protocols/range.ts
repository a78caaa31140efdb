// The Range header: RFC 9110, section 14.2. What it does not allow or we do not do is no error: then all is sent.
import type { ByteRange } from '../storage/storage.ts'

/** Parts of one answer. Who wants more of them is better served with all. */
export const MAX_RANGES = 64
/** Ranges so near to each other are joined: the head of one more part is longer. */
const GAP = 80

/** The one range that is asked for; undefined to send all; "unsatisfiable" when it lies outside (416). */
export function parseRange(header: string | undefined, size: number): ByteRange | 'unsatisfiable' | undefined {
  if (header?.includes(',')) return undefined
  const ranges = parseRanges(header, size)
  return Array.isArray(ranges) ? ranges[0] : ranges
}

/**
 * The ranges that are asked for, in that order; those that meet or nearly do are one, so no byte is sent twice. Undefined
 * to send all; "unsatisfiable" when all of them lie outside.
 */
export function parseRanges(header: string | undefined, size: number): ByteRange[] | 'unsatisfiable' | undefined {
  const [, list] = /^bytes=(.*)$/i.exec(header ?? '') ?? []
  if (list === undefined) return undefined
  const ranges: ByteRange[] = []
  for (const spec of list.split(',')) {
    const range = parseSpec(spec, size)
    if (range === undefined) return undefined // one that is malformed makes all of them so
    if (range !== 'unsatisfiable') ranges.push(range)
  }
  if (ranges.length === 0) return 'unsatisfiable'
  const joined = joinRanges(ranges)
  return joined.length > MAX_RANGES ? undefined : joined
}

function parseSpec(spec: string, size: number): ByteRange | 'unsatisfiable' | undefined {
  const [, first, last] = /^[ \t]*(\d*)-(\d*)[ \t]*$/.exec(spec) ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined
  if (first === '') return suffix(Number(last), size)
  const begin = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (last !== '' && Number(last) < begin) return undefined // malformed
  return begin >= size ? 'unsatisfiable' : { offset: begin, length: end - begin + 1 }
}

function suffix(length: number, size: number): ByteRange | 'unsatisfiable' {
  if (length === 0 || size === 0) return 'unsatisfiable'
  return { offset: Math.max(0, size - length), length: Math.min(length, size) }
}

/** A joined range stands where the first of its ranges was asked for. */
function joinRanges(ranges: readonly ByteRange[]): ByteRange[] {
  const joined: { offset: number; end: number; place: number }[] = []
  const sorted = ranges.map(({ offset, length }, place) => ({ offset, end: offset + length, place }))
  for (const range of sorted.sort((a, b) => a.offset - b.offset)) {
    const last = joined.at(-1)
    if (last === undefined || range.offset > last.end + GAP) joined.push(range)
    else Object.assign(last, { end: Math.max(last.end, range.end), place: Math.min(last.place, range.place) })
  }
  return joined.sort((a, b) => a.place - b.place).map(({ offset, end }) => ({ offset, length: end - offset }))
}
