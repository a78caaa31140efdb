// What v1 clients hear of failures where their codes are others than those of version 2.
import { Code } from '@connectrpc/connect'
import { AetherError } from '../../core/errors.ts'
import { isVersionTag, type TagName } from '../../core/names.ts'
import { CallError } from '../connect-error.ts'

/** What an upload ends in: a block that is there is passed over, and bytes that do not match are the client's. */
export function uploadError(error: unknown): unknown {
  if (!(error instanceof AetherError)) return error
  if (error.code === 'conflict') return as(error, Code.AlreadyExists, 409)
  return error.code === 'integrity' ? as(error, Code.InvalidArgument, 422) : error
}

/** A version that points elsewhere is there for ever; a channel that others move may be tried again. */
export function publishError(error: unknown): unknown {
  if (!(error instanceof AetherError && error.code === 'conflict')) return error
  const { tag } = error.detail
  return tag !== undefined && isVersionTag(tag as TagName) ? as(error, Code.AlreadyExists, 409) : error
}

function as(error: AetherError, rpcCode: Code, status: number): CallError {
  const { code, message, hint, detail, cause } = error
  return new CallError(rpcCode, status, code, message, { hint, detail, cause })
}
