// aetherfs ls: datasets, the tags of one, or the files of a snapshot, by what the operand names.

import type { TimedEntry } from '../core/dataset.ts'
import { AetherError } from '../core/errors.ts'
import { shortDigest } from '../core/id.ts'
import { parseReference } from '../core/reference.ts'
import type { Context } from './context.ts'
import { EXIT } from './errors/exit-codes.ts'
import { usageError } from './errors/usage-error.ts'
import { entryJson, tagJson } from './output/json-shapes.ts'
import { formatBytes } from './output/numbers.ts'
import { printable } from './output/printable.ts'
import { formatTable } from './output/table.ts'
import { formatMinute, formatWhen } from './output/times.ts'
import type { Verb } from './verb.ts'

export const ls: Verb = {
  define(command) {
    command
      .argument(
        '[reference]',
        'a dataset lists its tags, a tag or digest lists its files; "host/" or "@scope/" lists datasets',
      )
      .argument('[path]', 'only the file at this path, or the files below it')
  },
  examples: [
    ['aetherfs ls', 'datasets on the default hub'],
    ['aetherfs ls hub.example.com/', 'datasets on another hub'],
    ['aetherfs ls geo', 'tags of a dataset'],
    ['aetherfs ls geo:v1 maps/europe', 'files of a snapshot, below a folder'],
    ['aetherfs ls geo:v1 --json | jq -r .path', 'one JSON value a line'],
  ],
  exits: [EXIT.notFound, EXIT.unauthenticated, EXIT.denied, EXIT.integrity, EXIT.temporary],
  async run(context, [reference, path]) {
    if (reference === undefined || reference.endsWith('/')) await listDatasets(context, reference ?? '')
    else if (namesSnapshot(reference)) await listEntries(context, reference, path)
    else if (path === undefined) await listTags(context, reference)
    else
      throw usageError(
        `"${reference}" names no snapshot whose files could be listed`,
        `For example: aetherfs ls ${reference}:latest ${path}`,
      )
    return undefined
  },
}

function namesSnapshot(text: string): boolean {
  const { tag, digest } = parseReference(text)
  return tag !== undefined || digest !== undefined
}

/** @param where "", "host/", "@scope/" or "host/@scope/" */
async function listDatasets(context: Context, where: string): Promise<void> {
  const client = await context.client()
  const scope = /@[^/]*\/$/.exec(where)?.[0]
  const host = where.slice(0, where.length - (scope?.length ?? 0)).replace(/\/$/, '') || undefined
  if (host !== undefined || scope !== undefined)
    parseReference(`${host === undefined ? '' : `${host}/`}${scope ?? ''}name`)
  for await (const dataset of client.datasets({ host, prefix: scope, signal: context.signal })) {
    await (context.out.json ? context.out.value({ dataset }) : context.out.line(dataset))
  }
}

async function listTags(context: Context, reference: string): Promise<void> {
  const client = await context.client()
  const rows: string[][] = []
  for await (const tag of client.tags(reference, { signal: context.signal })) {
    if (context.out.json) await context.out.value(tagJson(tag))
    else
      rows.push([
        tag.name,
        tag.version ? 'version' : 'channel',
        shortDigest(tag.digest),
        formatWhen(tag.movedMicros, context.now()),
        printable(tag.movedBy),
      ])
  }
  if (context.out.json) return
  const titles = ['TAG', 'KIND', 'DIGEST', 'MOVED', 'BY'].map((title) => ({ title }))
  const [head = '', ...lines] = formatTable(titles, rows)
  await context.out.lines([context.style.strong(head), ...lines])
}

async function listEntries(context: Context, reference: string, path: string | undefined): Promise<void> {
  const client = await context.client()
  const snapshot = await client.open(reference, { signal: context.signal })
  const wanted = path?.replace(/\/+$/, '')
  const below = wanted
    ? snapshot.entries.filter((e) => e.path === wanted || e.path.startsWith(`${wanted}/`))
    : snapshot.entries
  if (wanted && below.length === 0) {
    throw new AetherError('not-found', `There is nothing at "${wanted}" in ${reference}`, {
      hint: `aetherfs ls ${reference} lists all of it`,
    })
  }
  for (const entry of below) {
    await (context.out.json ? context.out.value(entryJson(entry)) : context.out.line(entryLine(entry)))
  }
}

/** As `ls -l` has it. Owners and write permission are not part of a snapshot. */
function entryLine(entry: TimedEntry): string {
  const size = entry.kind === 'file' ? formatBytes(entry.size) : '-'
  const target = entry.kind === 'link' ? ` -> ${printable(entry.target)}` : ''
  return `${mode(entry)}  ${size.padStart(10)}  ${formatMinute(entry.modifiedMicros)}  ${printable(entry.path)}${target}`
}

function mode(entry: TimedEntry): string {
  if (entry.kind === 'folder') return 'dr-xr-xr-x'
  if (entry.kind === 'link') return 'lrwxrwxrwx'
  return entry.executable ? '-r-xr-xr-x' : '-r--r--r--'
}
