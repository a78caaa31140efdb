// References: [host/][@scope/]name[:tag][@sha256:digest]. How a user names one version of a dataset on one hub.
import { AetherError } from './errors.ts'
import { type Digest, formatDigest, parseDigest } from './id.ts'
import { type DatasetName, parseDatasetName, parseTagName, type TagName } from './names.ts'

export const DEFAULT_HOST = 'localhost:8080'
export const DEFAULT_TAG = 'latest' as TagName

export interface Reference {
  /** Host and port as written, or undefined: the default then comes from the configuration. */
  host: string | undefined
  dataset: DatasetName
  /** Undefined when the reference names none; `latest` is meant unless there is a digest. */
  tag: TagName | undefined
  digest: Digest | undefined
}

/** Longest reference that is read, in characters. */
const MAX_LENGTH = 1024

/** @throws {AetherError} `invalid`, saying which part is wrong and why. */
export function parseReference(text: string): Reference {
  if (text.length > MAX_LENGTH) throw malformed(text.slice(0, 40), `it is over ${MAX_LENGTH} characters long`)
  if (text === '') throw malformed(text, 'it is empty')
  if (/^[a-z]+:\/\//i.test(text))
    throw malformed(text, 'it begins with a URL scheme', text.replace(/^[a-z]+:\/\//i, ''))
  const { host, rest } = splitHost(text)
  const { name, tag, digest } = splitName(text, rest)
  return {
    host,
    dataset: parsePart(text, () => parseDatasetName(name)),
    tag: tag === undefined ? undefined : parsePart(text, () => parseTagName(tag)),
    digest: digest === undefined ? undefined : parsePart(text, () => parseDigest(digest)),
  }
}

/** The reference in full; what `parseReference` reads back as the same. */
export function formatReference(reference: Reference): string {
  const { host, dataset, tag, digest } = reference
  return `${host ? `${host}/` : ''}${dataset}${tag ? `:${tag}` : ''}${digest ? `@${formatDigest(digest)}` : ''}`
}

/** A first part is a host when it has a dot, a port or brackets, or is "localhost"; a bare word could be either and is refused. */
function splitHost(text: string): { host: string | undefined; rest: string } {
  const slash = text.indexOf('/')
  if (slash < 0 || text.startsWith('@')) return { host: undefined, rest: text }
  const first = text.slice(0, slash)
  if (!/[.:[\]]/.test(first) && first !== 'localhost') {
    throw malformed(
      text,
      `"${first}" could be a host or a scope`,
      `Write @${text} for a scope, or ${first}:8080/… for a host`,
    )
  }
  checkHost(text, first)
  return { host: first, rest: text.slice(slash + 1) }
}

const HOST =
  /^(?<name>\[[0-9A-Fa-f:.]+(?:%[0-9A-Za-z._~-]+)?\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\.?)(?::(?<port>\d{1,5}))?$/

function checkHost(text: string, host: string): void {
  const fault = hostFault(host)
  if (fault !== undefined) throw malformed(text, fault, isBareAddress(host) ? 'Write [::1]:8080/name' : undefined)
}

/** Why a text cannot be the host of a reference; undefined when it can. */
export function hostFault(host: string): string | undefined {
  const groups = HOST.exec(host)?.groups
  if (!groups) return isBareAddress(host) ? 'an IPv6 host stands in brackets' : `"${host}" is no host`
  const port = Number(groups.port ?? 1)
  return port >= 1 && port <= 65535 ? undefined : `port ${groups.port} is not between 1 and 65535`
}

function isBareAddress(host: string): boolean {
  return (host.match(/:/g) ?? []).length > 1 && /^[0-9a-f:.]+$/i.test(host)
}

function splitName(text: string, rest: string): { name: string; tag?: string; digest?: string } {
  const at = rest.indexOf('@', 1) // an "@" in the first place begins a scope
  const digest = at < 0 ? undefined : rest.slice(at + 1)
  const tagged = at < 0 ? rest : rest.slice(0, at)
  const colon = tagged.indexOf(':')
  const name = colon < 0 ? tagged : tagged.slice(0, colon)
  const tag = colon < 0 ? undefined : tagged.slice(colon + 1)
  if (tag === '') throw malformed(text, 'the tag after ":" is empty')
  return { name, tag, digest }
}

function parsePart<T>(text: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw error instanceof AetherError ? malformed(text, lowerFirst(error.message), undefined, error) : error
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

function malformed(
  text: string,
  reason: string,
  hint = 'A reference is [host/][@scope/]name[:tag][@sha256:digest]',
  cause?: unknown,
): AetherError {
  return new AetherError('invalid', `Cannot parse reference "${text}": ${reason}`, { hint, cause })
}
