// aetherfs push: a folder, an archive or a file becomes a snapshot under one or more tags.
import type { PushOptions, PushResult } from '../client/client.ts'
import { formatDigest } from '../core/id.ts'
import type { Context } from './context.ts'
import { EXIT } from './errors/exit-codes.ts'
import { usageError } from './errors/usage-error.ts'
import { parseLabels, withTag } from './operands.ts'
import { pushJson } from './output/json-shapes.ts'
import { printable } from './output/printable.ts'
import { pushSummary } from './output/summaries.ts'
import { collect } from './settings/setting-option.ts'
import type { Verb } from './verb.ts'

interface Flags {
  tag?: string[]
  message?: string
  label?: string[]
  base?: string[]
  include?: string[]
  exclude?: string[]
  skipSpecial?: boolean
  dryRun?: boolean
}

export const push: Verb<Flags> = {
  settings: ['push.concurrency', 'push.cacheSize', 'deltas'],
  define(command) {
    command
      .argument('<source>', 'a folder, a .zip, .tar, .tar.gz or .tar.zst, or a file')
      .option(
        '-t, --tag <reference>',
        'push as this, ":latest" when it names no tag; repeat for more, also on other hosts',
        collect,
      )
      .option('-m, --message <text>', 'what this snapshot is, for people')
      .option('--label <key=value>', 'a fact for programs; repeat for more', collect)
      .option('--base <reference>', 'a snapshot that has much of the same content; repeat for more', collect)
      .option('--include <pattern>', 'push only what this matches, in .gitignore syntax; repeat for more', collect)
      .option('--exclude <pattern>', 'leave out what this matches; repeat for more', collect)
      .option('--skip-special', 'leave out sockets, devices, pipes and links that leave the folder')
      .option('-n, --dry-run', 'find out what would be sent, and send nothing')
  },
  examples: [
    ['aetherfs push ./geo -t geo:v1 -t geo:latest', 'two tags for the same snapshot'],
    ['aetherfs push ./geo -t hub.example.com/@team/geo:v1 -m "November"', 'to another hub, with a message'],
    ['aetherfs push model.tar.zst -t model:2026.11.22 --label build=1234', 'the files of an archive'],
    ['aetherfs push ./geo -t geo --exclude "*.tmp" --dry-run', 'only look'],
  ],
  exits: [
    EXIT.notFound,
    EXIT.unauthenticated,
    EXIT.denied,
    EXIT.conflict,
    EXIT.integrity,
    EXIT.temporary,
    EXIT.partial,
  ],
  async run(context, [source = ''], flags) {
    if (!flags.tag?.length)
      throw usageError('A push needs at least one tag', `For example: aetherfs push ${source} -t geo:v1`)
    const references = flags.tag.map(withTag)
    const started = context.now()
    const [client, progress] = [await context.client(), await context.progress()]
    const results = await client.push(source, references, {
      ...pushOptions(context, flags),
      onProgress: progress.report,
    })
    progress.finish()
    await show(context, results, context.now() - started)
    return undefined
  },
}

function pushOptions({ settings, signal }: Context, flags: Flags): PushOptions {
  const { message, base, include, exclude, skipSpecial, dryRun } = flags
  return {
    message,
    labels: parseLabels(flags.label ?? []),
    bases: base,
    include,
    exclude,
    skipSpecial,
    dryRun,
    concurrency: settings['push.concurrency'],
    deltas: settings.deltas,
    cacheSize: settings['push.cacheSize'],
    signal,
  }
}

async function show(context: Context, results: PushResult[], elapsedMs: number): Promise<void> {
  for (const result of results) await noteOddities(context, result)
  if (context.out.json) await context.out.value({ results: results.map(pushJson) })
  else await context.out.lines(results.flatMap(resultLines))
  if (!context.out.json) for (const result of results) await context.note(pushSummary(result, elapsedMs))
}

/** Each line is a reference in full, which names what was pushed even after the tag moves on. */
function resultLines({ host, dataset, digest, tags, dryRun }: PushResult): string[] {
  if (dryRun) return [`${host}/${dataset}@${formatDigest(digest)}`]
  return tags.map(({ tag }) => `${host}/${dataset}:${tag.name}@${formatDigest(digest)}`)
}

async function noteOddities(context: Context, { skipped, warnings }: PushResult): Promise<void> {
  for (const { path, reason } of skipped) await context.note(`left out: ${printable(path)} (${reason})`)
  for (const warning of warnings) await context.note(`warning: ${printable(warning)}`)
}
