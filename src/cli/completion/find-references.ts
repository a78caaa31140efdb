// References on a hub that begin with what is typed. Whoever presses Tab does not wait: no answer in time is no answer.
import type { Client } from '../../client/client.ts'
import { shortDigest } from '../../core/id.ts'
import type { Candidate } from './shell-scripts.ts'

export const TIME_OUT_MS = 800
const MOST = 200

/** @param host for words that name none */
export async function findReferences(
  client: Client,
  word: string,
  host: string | undefined,
  signal: AbortSignal,
): Promise<Candidate[]> {
  const found = search(client, word, host, signal).catch(() => [])
  const late = new Promise<Candidate[]>((resolve) =>
    signal.addEventListener('abort', () => resolve([]), { once: true }),
  )
  return Promise.race([found, late])
}

async function search(
  client: Client,
  word: string,
  host: string | undefined,
  signal: AbortSignal,
): Promise<Candidate[]> {
  const { prefix, ownHost, name, tag } = splitWord(word)
  const at = ownHost ?? host
  if (tag !== undefined) return tagsOf(client, name, at, prefix, signal)
  const names: string[] = []
  for await (const dataset of client.datasets({ host: at, prefix: name, signal }))
    if (names.push(dataset) >= MOST) break
  const datasets = names.map((dataset) => ({ value: prefix + dataset, description: 'dataset' }))
  // A name that is the only one left is most likely wanted with a tag.
  return names.length === 1 ? [...datasets, ...(await tagsOf(client, names[0]!, at, prefix, signal))] : datasets
}

async function tagsOf(
  client: Client,
  dataset: string,
  host: string | undefined,
  prefix: string,
  signal: AbortSignal,
): Promise<Candidate[]> {
  const candidates: Candidate[] = []
  for await (const { name, digest } of client.tags(host === undefined ? dataset : `${host}/${dataset}`, { signal })) {
    candidates.push({ value: `${prefix}${dataset}:${name}`, description: shortDigest(digest) })
    if (candidates.length >= MOST) break
  }
  return candidates
}

/** "host:1/@a/geo:v" -> its host with the slash, "@a/geo" and "v". */
function splitWord(word: string): {
  prefix: string
  ownHost: string | undefined
  name: string
  tag: string | undefined
} {
  const slash = word.indexOf('/')
  const hasHost = slash > 0 && !word.startsWith('@')
  const prefix = hasHost ? word.slice(0, slash + 1) : ''
  const rest = word.slice(prefix.length)
  const colon = rest.indexOf(':')
  const name = colon < 0 ? rest : rest.slice(0, colon)
  return {
    prefix,
    ownHost: hasHost ? word.slice(0, slash) : undefined,
    name,
    tag: colon < 0 ? undefined : rest.slice(colon + 1),
  }
}
