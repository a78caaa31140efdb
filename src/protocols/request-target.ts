// What a client asks for and of whom. Forms of the target: RFC 9112, section 3.2; in HTTP/2 RFC 9113, section 8.3.1.
import type { Request } from './exchange.ts'

export interface Target {
  path: string
  query: string
  authority: string | undefined
}

const ABSOLUTE = /^https?:\/\/([^/?#]*)(.*)$/i

/** Takes the target apart. The absolute form, as proxies send it, is turned into the usual one. */
export function splitTarget(req: Request): Target {
  const [, authority, rest] = ABSOLUTE.exec(req.url ?? '') ?? []
  if (rest !== undefined) req.url = rest.startsWith('/') ? rest : `/${rest}`
  const [path = '', query = ''] = split(req.url ?? '', '?')
  return { path, query, authority: authority ?? authorityOf(req) }
}

function authorityOf(req: Request): string | undefined {
  const authority = 'authority' in req ? req.authority : req.headers.host
  return authority || undefined
}

function split(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}
