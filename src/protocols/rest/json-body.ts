// The JSON body of a REST request.
import type { JsonObject, JsonValue } from '@bufbuild/protobuf'
import { AetherError } from '../../core/errors.ts'
import { announcesBody, type Exchange } from '../exchange.ts'
import { HttpError } from '../http-error.ts'
import { readWhole } from '../request-body.ts'

const UTF8 = new TextDecoder('utf-8', { fatal: true })

/**
 * The body as an object; no body at all is an empty one.
 * @throws {AetherError} `invalid`, `too-large`; 415 for what is not JSON.
 */
export async function readJsonBody(exchange: Exchange): Promise<JsonObject> {
  checkType(exchange)
  const bytes = await readWhole(exchange, exchange.limits.jsonBytes)
  if (bytes.length === 0) return {}
  const value = parseJson(bytes)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new AetherError('invalid', 'The body is no JSON object')
  return value
}

/** Browsers may send other types across sites without asking first, so that JSON under another name is not taken. */
function checkType(exchange: Exchange): void {
  const { req } = exchange
  const type = req.headers['content-type']
  if (req.headers['content-encoding'] !== undefined)
    throw new HttpError(415, 'invalid', 'The body is taken as it is, without Content-Encoding')
  if (type === undefined && !announcesBody(exchange)) return
  if (!/^application\/json[ \t]*(?:;[ \t]*charset[ \t]*=[ \t]*"?utf-8"?[ \t]*)?$/i.test(type ?? '')) {
    throw new HttpError(415, 'invalid', `The body is of type "${type ?? 'unknown'}" and must be application/json`, {
      headers: { accept: 'application/json' },
    })
  }
}

function parseJson(bytes: Buffer): JsonValue {
  try {
    return JSON.parse(UTF8.decode(bytes)) as JsonValue
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new AetherError('invalid', `Cannot read the body as JSON: ${reason}`, { cause })
  }
}
