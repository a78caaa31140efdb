// The Range header: RFC 9110, section 14.2. What it does not allow or we do not do is no error: then all is sent.
import type { ByteRange } from '../../storage/storage.ts'

/** The one range that is asked for; undefined to send all; "unsatisfiable" when it lies outside (416). */
export function parseRange(header: string | undefined, size: number): ByteRange | 'unsatisfiable' | undefined {
  const [, first, last] = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header ?? '') ?? []
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
