// aetherfs show: what is known of one snapshot.
import type { Resolved } from '../client/client.ts'
import type { SnapshotSummary } from '../core/dataset.ts'
import { formatDigest } from '../core/id.ts'
import type { TagName } from '../core/names.ts'
import type { Context } from './context.ts'
import { EXIT } from './errors/exit-codes.ts'
import { snapshotJson } from './output/json-shapes.ts'
import { countOf, formatBytes } from './output/numbers.ts'
import { printable } from './output/printable.ts'
import { formatPairs } from './output/table.ts'
import { formatWhen } from './output/times.ts'
import type { Verb } from './verb.ts'

export const show: Verb = {
  define(command) {
    command.argument('<reference>', 'a tag, or a digest')
  },
  examples: [
    ['aetherfs show geo:v1', 'size, origin, labels and tags'],
    ['aetherfs show geo --json | jq -r .digest', 'what "latest" points to now'],
  ],
  exits: [EXIT.notFound, EXIT.unauthenticated, EXIT.denied, EXIT.temporary],
  async run(context, [reference = '']) {
    const client = await context.client()
    const { signal, out } = context
    const { summary, ...resolved } = await client.snapshot(reference, { signal })
    const tags: TagName[] = []
    for await (const tag of client.tags(reference, { signal })) if (tag.digest === resolved.digest) tags.push(tag.name)
    if (out.json) await out.value({ ...where(resolved), tags, ...snapshotJson(summary) })
    else await out.lines(formatPairs(describe(context, resolved, tags, summary)))
    return undefined
  },
}

function where({ host, dataset, digest }: Resolved) {
  return { host, dataset, digest: formatDigest(digest) }
}

function describe(
  context: Context,
  { host, dataset, digest }: Resolved,
  tags: TagName[],
  summary: SnapshotSummary,
): [string, string][] {
  const { size, files, entries, blocks, storedSize, creator, createdMicros, message, labels, deltas } = summary
  const pairs: [string, string][] = [
    ['dataset', `${host}/${dataset}`],
    ['digest', formatDigest(digest)],
    ['tags', tags.join(', ') || 'none'],
    ['content', `${formatBytes(size)} in ${countOf(files, 'file')} (${countOf(entries, 'entry', 'entries')})`],
    ['stored', `${formatBytes(storedSize)} in ${countOf(blocks, 'block')}, which other snapshots may share`],
    ['created', `${formatWhen(createdMicros, context.now())} by ${printable(creator)}`],
  ]
  if (message !== '') pairs.push(['message', printable(message)])
  for (const [key, value] of Object.entries(labels)) pairs.push(['label', `${printable(key)}=${printable(value)}`])
  for (const { from, to, size } of deltas) {
    const where = to === digest ? `from ${formatDigest(from)}` : `to ${formatDigest(to)}`
    pairs.push(['delta', `${where}, ${formatBytes(size)}`])
  }
  return pairs.map(([key, value]) => [context.style.faint(key), value])
}
