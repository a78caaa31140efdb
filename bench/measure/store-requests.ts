// Requests to a hub's store, from its /metrics, and what S3 would want for them.

export interface StoreRequests {
  puts: number
  gets: number
  lists: number
  deletes: number
}

const NAME = 'aetherfs_store_requests_total'
/** Dollars for one request: S3 Standard, us-east-1. Removing is free. */
const PRICES: StoreRequests = { puts: 0.005 / 1000, gets: 0.0004 / 1000, lists: 0.005 / 1000, deletes: 0 }
const KINDS: Record<string, keyof StoreRequests> = {
  put: 'puts',
  get: 'gets',
  head: 'gets',
  list: 'lists',
  delete: 'deletes',
}

/** Undefined when the hub does not count them. */
export function parseStoreRequests(metrics: string): StoreRequests | undefined {
  const lines = [...metrics.matchAll(new RegExp(`^${NAME}\\{(.*)\\} (\\d+)`, 'gm'))]
  if (!metrics.includes(NAME)) return undefined
  const sum: StoreRequests = { puts: 0, gets: 0, lists: 0, deletes: 0 }
  for (const [, labels = '', count] of lines) {
    const [, operation = ''] = /operation="([^"]*)"/.exec(labels) ?? []
    const kind = KINDS[operation]
    if (kind === undefined) throw new Error(`The hub counts requests "${operation}" that the bench has no price for`)
    sum[kind] += Number(count)
  }
  return sum
}

export function requestsBetween(
  before: StoreRequests | undefined,
  after: StoreRequests | undefined,
): StoreRequests | undefined {
  if (before === undefined || after === undefined) return undefined
  const { puts, gets, lists, deletes } = after
  return {
    puts: puts - before.puts,
    gets: gets - before.gets,
    lists: lists - before.lists,
    deletes: deletes - before.deletes,
  }
}

export function costOf({ puts, gets, lists }: StoreRequests): number {
  return puts * PRICES.puts + gets * PRICES.gets + lists * PRICES.lists
}
