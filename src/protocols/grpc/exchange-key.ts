// How a call finds the exchange that it came in.
import { Code, ConnectError, type ContextKey, createContextKey, type HandlerContext } from '@connectrpc/connect'
import type { Exchange } from '../exchange.ts'

export const EXCHANGE: ContextKey<Exchange | undefined> = createContextKey<Exchange | undefined>(undefined, {
  description: 'exchange',
})

export function exchangeOf({ values }: HandlerContext): Exchange {
  const exchange = values.get(EXCHANGE)
  if (!exchange) throw new ConnectError('This call did not come through the door', Code.Internal)
  return exchange
}
