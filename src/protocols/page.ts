// Pages of lists, as the requests of dataset_service.proto ask for them.
import { AetherError } from '../core/errors.ts'
import type { PageOptions } from '../hub/hub.ts'
import type { Call } from './unary-calls.ts'

export interface PageRequest {
  pageSize: number
  pageToken: string
}

export interface PageBounds {
  /** Items of a page at most. */
  max: number
  /** Items of a page when nothing is asked for. */
  fallback: number
}

/** @throws {AetherError} `invalid` for a size out of bounds. */
export function pageOptions(
  { pageSize, pageToken }: PageRequest,
  { max, fallback }: PageBounds,
  { signal }: Call,
): PageOptions {
  if (pageSize < 0 || pageSize > max)
    throw new AetherError(
      'invalid',
      `Cannot give pages of ${pageSize} items: 1 to ${max} go, and 0 stands for ${fallback}`,
    )
  return { limit: pageSize || fallback, after: pageToken || undefined, signal }
}
