// Errors as hubs send them, turned back into what they were.
import { fromBinary } from '@bufbuild/protobuf'
import { AetherError, ERROR_CODES, type ErrorCode } from '../../core/errors.ts'
import { parseRetryAfter } from '../../core/retry-after.ts'
import { ErrorDetailSchema } from '../../gen/aetherfs/v2/error_pb.ts'
import type { HttpAnswer } from './http-call.ts'

/** What an answer without a readable error most likely means. */
const BY_STATUS: Record<number, ErrorCode> = {
  400: 'invalid',
  401: 'unauthenticated',
  403: 'denied',
  404: 'not-found',
  408: 'unavailable',
  409: 'conflict',
  413: 'too-large',
  422: 'integrity',
  429: 'unavailable',
  502: 'unavailable',
  503: 'unavailable',
  504: 'unavailable',
  507: 'no-space',
}

/** The error in an answer, with `detail.retryAfterMs` when the hub says when it wants to be asked again. */
export function errorOf(host: string, answer: HttpAnswer): AetherError {
  const error = statedError(host, answer)
  const wait = parseRetryAfter(answer.headers['retry-after'])
  if (error.code !== 'unavailable' || wait === undefined) return error
  const { message, hint, detail } = error
  return new AetherError('unavailable', message, { hint, detail: { ...detail, retryAfterMs: String(wait) } })
}

/** What the Connect protocol, or the REST and bulk routes, say in the body; else what the status tells. */
function statedError(host: string, { status, headers, body }: HttpAnswer): AetherError {
  const parsed = parseJson(body)
  const found = connectError(parsed) ?? restError(parsed)
  if (found) return found
  const id = headers['x-request-id']
  return new AetherError(
    BY_STATUS[status] ?? 'internal',
    `The hub ${host} answers with status ${status}${id ? ` (request ${String(id)})` : ''}`,
    {
      hint: 'Is this the address of an AetherFS hub?',
    },
  )
}

interface ErrorBody {
  details?: { type?: unknown; value?: unknown }[]
  errors?: { code?: unknown; message?: unknown; detail?: unknown }[]
}

function parseJson(body: Buffer): ErrorBody | undefined {
  try {
    const parsed: unknown = JSON.parse(body.toString())
    return typeof parsed === 'object' && parsed !== null ? parsed : undefined
  } catch {
    return undefined // not from a hub of ours: the status has to do
  }
}

function connectError(body: ErrorBody | undefined): AetherError | undefined {
  const detail = Array.isArray(body?.details)
    ? body.details.find((d) => d?.type === ErrorDetailSchema.typeName)
    : undefined
  if (typeof detail?.value !== 'string') return undefined
  try {
    const { code, message, hint, detail: facts } = fromBinary(ErrorDetailSchema, Buffer.from(detail.value, 'base64'))
    return new AetherError(knownCode(code), message, { hint: hint || undefined, detail: facts })
  } catch {
    return undefined // not from a hub of ours either
  }
}

function restError(body: ErrorBody | undefined): AetherError | undefined {
  const first = Array.isArray(body?.errors) ? body.errors[0] : undefined
  if (typeof first?.message !== 'string') return undefined
  const facts = Object.entries(first.detail ?? {}).filter(
    (pair): pair is [string, string] => typeof pair[1] === 'string',
  )
  const { hint, ...detail } = Object.fromEntries(facts)
  return new AetherError(knownCode(first.code), first.message, { hint, detail })
}

function knownCode(code: unknown): ErrorCode {
  return ERROR_CODES.find((known) => known === code) ?? 'internal'
}
