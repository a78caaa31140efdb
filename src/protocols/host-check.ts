// Keeps web pages from using a hub of the machine that they are shown on. DNS rebinding: a page of evil.example may have
// its own name resolve to 127.0.0.1; its requests then reach us, but under that name. Cross-site requests need no such
// trick, but browsers mark them with an Origin.
import { isIPv4 } from 'node:net'
import { AetherError } from '../core/errors.ts'
import type { Exchange } from './exchange.ts'
import { HttpError } from './http-error.ts'

/** True for addresses and names that only the machine itself can use. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '')
  if (name === 'localhost' || name.endsWith('.localhost')) return true
  return name === '::1' || name === '[::1]' || (isIPv4(name) && name.startsWith('127.'))
}

/** @throws {HttpError} 421 when a hub on a loopback address is asked under a name that is none. */
export function checkHost({ authority }: Exchange, allowedHosts: ReadonlySet<string>): void {
  // Browsers always send a name; what sends none is a probe.
  if (authority === undefined) return
  const host = hostOf(authority)
  if (host !== undefined && (isLoopback(host) || allowedHosts.has(host))) return
  throw new HttpError(
    421,
    'denied',
    `This hub is for its own machine and does not answer under the name "${authority}"`,
    {
      hint: 'This keeps web pages from reaching the hub through DNS rebinding. Ask for "localhost", or have the operator allow this host name',
    },
  )
}

/** @throws {AetherError} `denied` for a request that changes something and that a page of another site sent. */
export function checkOrigin({ req, method, authority }: Exchange): void {
  const { origin } = req.headers
  if (origin === undefined || ['GET', 'HEAD', 'OPTIONS'].includes(method)) return
  if (authority !== undefined && isSameHost(origin, authority)) return
  throw new AetherError('denied', `A web page of "${origin}" may not change anything here`, {
    hint: 'Browsers may only use pages that the hub itself serves',
  })
}

/** The scheme is not compared: in front of the hub a proxy may add TLS. */
function isSameHost(origin: string, authority: string): boolean {
  const url = URL.parse(origin)
  return url !== null && url.host !== '' && url.host === URL.parse(`${url.protocol}//${authority}`)?.host
}

/** The lower-case name in "name:port"; undefined when that is malformed. */
function hostOf(authority: string): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[^:@/[\]]+)(?::\d*)?$/i.exec(authority)?.[1]?.toLowerCase()
}
