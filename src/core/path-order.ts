// The order of a listing's paths, looked at as bytes of its text: one path after the other, holding no more than the last.
import { commonLength, compareEscaped, type Span, unescapeText } from './escape-text.ts'
import { malformed } from './listing-line.ts'
import { MAX_PATH_BYTES } from './path.ts'

const SLASH = 0x2f

/**
 * Checks paths one after the other: that each comes after the one before, and that none lies below a file or a link. They
 * are escaped, and each by itself is one that may be.
 */
export function createPathOrder(): (path: Span) => void {
  const previous = { bytes: Buffer.allocUnsafe(2 * MAX_PATH_BYTES), start: 0, end: 0 }
  // Lengths of the paths that the present one begins with. Only they can be its parents, because of the order.
  const open: number[] = []
  return (path) => {
    const same = commonLength(previous, path)
    if (compareEscaped(previous, path, same) >= 0)
      throw malformed(`${quoted(path)} does not come after ${quoted(previous)}`)
    while (open.length > 0 && open.at(-1)! > same) open.pop()
    const parent = open.find((length) => path.bytes[path.start + length] === SLASH)
    if (parent !== undefined)
      throw malformed(`${quoted(path)} lies below ${quoted({ ...previous, end: parent })}, which is no folder`)
    previous.end = path.end - path.start
    for (let i = same; i < previous.end; i++) previous.bytes[i] = path.bytes[path.start + i]!
    open.push(previous.end)
  }
}

function quoted({ bytes, start, end }: Span): string {
  return JSON.stringify(unescapeText(bytes.toString('utf8', start, end)))
}
