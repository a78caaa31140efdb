// Names as bytes: which are UTF-8, and how the others are shown.
import { isUtf8 } from 'node:buffer'

export interface DecodedName {
  /** The name, or when it is not valid UTF-8 something to show for it. */
  text: string
  valid: boolean
}

export function decodeName(bytes: Buffer): DecodedName {
  if (isUtf8(bytes)) return { text: bytes.toString('utf8'), valid: true }
  return { text: escapeBytes(bytes), valid: false }
}

/** Printable ASCII as it is, all else as "\xff". */
export function escapeBytes(bytes: Buffer): string {
  return bytes.toString('latin1').replace(/[^\x20-\x7e]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

export const NOT_UTF8 = 'its name is not valid UTF-8'
export const TARGET_NOT_UTF8 = 'it is a link whose target is not valid UTF-8'
