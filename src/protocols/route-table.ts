// Which handler answers which path and method, for everything but RPC. HEAD goes where GET goes; OPTIONS tells the methods.
import { sendEmpty } from './answer.ts'
import type { Exchange } from './exchange.ts'
import { HttpError } from './http-error.ts'
import { type PathTemplate, parseTemplate, type Variables } from './path-template.ts'
import { decodePath } from './url-path.ts'

export interface Route {
  method: 'GET' | 'PUT' | 'POST' | 'DELETE' | 'PATCH'
  /** As path-template.ts says. */
  template: string
  /** Answered without asking who calls: probes, and what tells people how to go on. */
  open?: boolean
  handle(exchange: Exchange, variables: Variables): Promise<void>
}

export interface FoundRoute {
  template: string
  open: boolean
  /** The handler itself answers when `exchange.refusal` is set: its protocol has words of its own for that. */
  tellsRefusal?: boolean
  handle(exchange: Exchange): Promise<void>
}

interface Entry {
  /** The first segment of its paths. */
  first: string
  template: PathTemplate
  routes: Route[]
}

/** Answers all that lies below one path, whatever the method. Undefined for requests of others. */
export type Door = (exchange: Exchange) => FoundRoute | undefined

/**
 * @param doors are asked first
 * @throws {TypeError} when two routes have the same method and template, or one begins with a variable.
 */
export function createRouteTable(
  routes: readonly Route[],
  doors: readonly Door[] = [],
): (exchange: Exchange) => FoundRoute {
  const entries = [...Map.groupBy(routes, (route) => route.template)].map(([text, group]) => createEntry(text, group))
  entries.sort((a, b) => b.template.precedence - a.template.precedence)
  const byFirst = Map.groupBy(entries, ({ first }) => first)
  return (exchange) => throughDoor(doors, exchange) ?? find(byFirst, exchange)
}

function throughDoor(doors: readonly Door[], exchange: Exchange): FoundRoute | undefined {
  for (const door of doors) {
    const found = door(exchange)
    if (found) return found
  }
  return undefined
}

function createEntry(text: string, routes: Route[]): Entry {
  const methods = new Set(routes.map((route) => route.method))
  if (methods.size < routes.length) throw new TypeError(`Two routes have the same method and the template "${text}"`)
  const first = text.split('/')[1] ?? ''
  if (/[{:]/.test(first)) throw new TypeError(`The template "${text}" does not begin with a name`)
  return { first, template: parseTemplate(text), routes }
}

/** @throws {HttpError} 404 when no template fits, 405 when the one that does has no such method. */
function find(byFirst: ReadonlyMap<string, readonly Entry[]>, { method, path }: Exchange): FoundRoute {
  const segments = decodePath(path)
  for (const { template, routes } of byFirst.get(segments[0] ?? '') ?? []) {
    const variables = template.match(segments)
    if (!variables) continue
    const route = routes.find((r) => r.method === (method === 'HEAD' ? 'GET' : method))
    if (!route) return answerMethods(template.text, routes)
    return {
      template: template.text,
      open: route.open ?? false,
      handle: (exchange) => route.handle(exchange, variables),
    }
  }
  throw new HttpError(404, 'not-found', `There is nothing at "${path}"`, {
    hint: 'What there is, GET /api/openapi.json tells',
  })
}

function answerMethods(template: string, routes: readonly Route[]): FoundRoute {
  const methods = routes.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
  const allow = [...methods, 'OPTIONS'].join(', ')
  return {
    template,
    open: true,
    async handle(exchange) {
      if (exchange.method === 'OPTIONS') return sendEmpty(exchange, 204, { allow })
      throw new HttpError(405, 'invalid', `The method ${exchange.method} is not for this address, but ${allow}`, {
        headers: { allow },
      })
    },
  }
}
