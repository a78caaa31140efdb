// Path templates as google.api.http writes them, as far as they are in use here: literals, {variables} of one segment,
// a verb behind a colon, names of datasets, which may span two segments, and {path} at the end, which is all that is left, also
// nothing. Grammar: google/api/http.proto.
import { takeDataset } from './dataset-path.ts'

export type Variables = Readonly<Record<string, string>>

export interface PathTemplate {
  readonly text: string
  readonly variables: readonly string[]
  /** Higher for templates that must be tried first: a verb is part of the last segment for all others. */
  readonly precedence: number
  /** The variables' values when the decoded segments fit. */
  match(segments: readonly string[]): Variables | undefined
}

/** Variables that hold the name of a dataset. */
const DATASETS: ReadonlySet<string> = new Set(['dataset', 'name', 'tag.name'])

type Part = { literal: string } | { variable: string }

/** @throws {SyntaxError} for what this does not know. */
export function parseTemplate(text: string): PathTemplate {
  const [, path, verb] = /^\/(.*?)(?::([a-z]\w*))?$/i.exec(text) ?? []
  if (path === undefined) throw new SyntaxError(`Cannot parse path template "${text}": it does not begin with "/"`)
  const parts = path.split('/').map((part) => parsePart(text, part))
  if (parts.slice(0, -1).some(isPath))
    throw new SyntaxError(`Cannot use path template "${text}": {path} is its last part`)
  const variables = parts.flatMap((part) => ('variable' in part ? [part.variable] : []))
  return {
    text,
    variables,
    precedence: (verb ? 1000 : 0) + parts.length - variables.length,
    match: (segments) => match(parts, verb, segments),
  }
}

function parsePart(text: string, part: string): Part {
  const variable = /^\{(\w+(?:\.\w+)*)\}$/.exec(part)?.[1]
  if (variable) return { variable }
  if (/[{}*:]/.test(part)) throw new SyntaxError(`Cannot use path template "${text}": "${part}" is not supported`)
  return { literal: part }
}

function isPath(part: Part): boolean {
  return 'variable' in part && part.variable === 'path'
}

function match(parts: readonly Part[], verb: string | undefined, segments: readonly string[]): Variables | undefined {
  const rest = verb === undefined ? [...segments] : withoutVerb(segments, verb)
  const found: Record<string, string> = {}
  for (const part of parts) {
    const value = takePart(part, rest)
    if (value === undefined) return undefined
    if ('variable' in part) found[part.variable] = value
  }
  return rest.length === 0 ? found : undefined
}

function withoutVerb(segments: readonly string[], verb: string): string[] {
  const last = segments.at(-1) ?? ''
  return last.endsWith(`:${verb}`) ? [...segments.slice(0, -1), last.slice(0, -verb.length - 1)] : []
}

/** Takes one part from the front of `rest`; undefined when it does not fit. */
function takePart(part: Part, rest: string[]): string | undefined {
  if ('literal' in part) return rest[0] === part.literal ? rest.shift() : undefined
  if (isPath(part)) return takeRest(rest)
  if (!DATASETS.has(part.variable)) return rest.shift() || undefined
  const dataset = takeDataset(rest)
  if (dataset) rest.splice(0, dataset.segments)
  return dataset?.text
}

/** All segments, joined again; undefined when one of them has a "/" of its own, which would then part it. */
function takeRest(rest: string[]): string | undefined {
  const segments = rest.splice(0)
  return segments.some((segment) => segment.includes('/')) ? undefined : segments.join('/')
}
