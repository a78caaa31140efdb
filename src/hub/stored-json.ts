// The small objects of a store: JSON that ends with a checksum of itself. Nothing else names their bytes, and one flipped bit
// may turn a digest into another one. The law for them: docs/format.md, section 7.
import type * as z from 'zod'
import { AetherError } from '../core/errors.ts'
import { sha256Hex } from '../core/id.ts'

const WITH_SUM = /^(.*),"sum":"([0-9a-f]{64})"\}\n$/s

/** @param object has at least one field */
export function encodeJson(object: Record<string, unknown>): Uint8Array {
  const text = JSON.stringify(object).slice(0, -1)
  return Buffer.from(`${text},"sum":"${sha256Hex(text)}"}\n`)
}

/** @param schema refuses fields that it does not know. @param what the object is, for the error. @throws {AetherError} `integrity` */
export function parseJson<T>(schema: z.ZodType<T>, bytes: Uint8Array, what: string): T {
  try {
    return schema.parse(JSON.parse(checked(Buffer.from(bytes).toString())))
  } catch (cause) {
    throw new AetherError('integrity', `The stored ${what} is damaged`, { cause })
  }
}

/** The object without its checksum. One that was stored by an early hub has none. */
function checked(text: string): string {
  const [, body, sum] = WITH_SUM.exec(text) ?? []
  if (body === undefined) return text
  if (sha256Hex(body) !== sum) throw new Error('It does not match its checksum')
  return `${body}}`
}
