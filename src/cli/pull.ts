// aetherfs pull: brings a folder in step with references.
import type { PullOptions } from '../client/client.ts'
import type { PullResult } from '../client/pull/pull.ts'
import { formatReference, parseReference } from '../core/reference.ts'
import type { Context } from './context.ts'
import { EXIT } from './errors/exit-codes.ts'
import { usageError } from './errors/usage-error.ts'
import { pullJson } from './output/json-shapes.ts'
import { printable } from './output/printable.ts'
import { pullSummary } from './output/summaries.ts'
import { collect } from './settings/setting-option.ts'
import type { Verb } from './verb.ts'

interface Flags {
  output?: string
  include?: string[]
  exclude?: string[]
  dryRun?: boolean
}

export const pull: Verb<Flags> = {
  settings: ['pull.keep', 'pull.rangeGap', 'deltas'],
  define(command) {
    command
      .argument('[target]', 'folder for <dataset>/<tag>, a link that is switched to the new version at once')
      .argument('[references...]', 'what to pull; several datasets and hubs at once are fine')
      .usage('[options] <target> <references...>\n       aetherfs pull [options] -o <folder> <reference>')
      .option('-o, --output <folder>', 'write one snapshot as a plain folder here instead')
      .option('--include <pattern>', 'pull only what this matches, in .gitignore syntax; repeat for more', collect)
      .option('--exclude <pattern>', 'leave out what this matches; repeat for more', collect)
      .option('-n, --dry-run', 'find out what would be pulled, and write nothing')
  },
  examples: [
    ['aetherfs pull /var/datasets geo:latest', 'the files are in /var/datasets/geo/latest'],
    ['aetherfs pull /var/datasets geo model:v2 hub.example.com/@team/maps:stable', 'several at once'],
    ['aetherfs pull -o ./geo geo:v1', 'a plain folder'],
    ['aetherfs pull ./data geo --include "*.sqlite" --dry-run', 'only look'],
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
  async run(context, operands, flags) {
    const { target, references } = splitOperands(operands, flags.output)
    for (const reference of references) parseReference(reference)
    const started = context.now()
    const [client, progress] = [await context.client(), await context.progress()]
    const results = await client.pull(target, references, {
      ...pullOptions(context, flags),
      onProgress: progress.report,
    })
    progress.finish()
    await show(context, results, context.now() - started)
    return undefined
  },
}

/** With `--output` all operands are references, and there is one. */
function splitOperands(operands: string[], output: string | undefined): { target: string; references: string[] } {
  if (output !== undefined) {
    if (operands.length === 1) return { target: output, references: operands }
    throw usageError(
      `A plain folder takes one reference, not ${operands.length}`,
      'For example: aetherfs pull -o ./geo geo:v1',
    )
  }
  const [target, ...references] = operands
  if (target === undefined)
    throw usageError('A pull needs a folder and a reference', 'For example: aetherfs pull /var/datasets geo:latest')
  if (references.length === 0) {
    throw usageError(
      `There is one operand, "${target}", where a folder and a reference are needed`,
      `For example: aetherfs pull ./data ${target}`,
    )
  }
  return { target, references }
}

function pullOptions({ settings, signal }: Context, { output, include, exclude, dryRun }: Flags): PullOptions {
  const { 'pull.keep': keep, 'pull.rangeGap': gap, deltas } = settings
  return { output, include, exclude, dryRun, keep, gap, deltas, signal }
}

async function show(context: Context, results: PullResult[], elapsedMs: number): Promise<void> {
  for (const { warnings } of results)
    for (const warning of warnings) await context.note(`warning: ${printable(warning)}`)
  if (context.out.json) return context.out.value({ results: results.map(pullJson) })
  await context.out.lines(results.map(resultLine))
  await context.note(pullSummary(results, elapsedMs))
}

/** The reference in full, and where its files are. */
function resultLine({ host, dataset, tag, digest, path }: PullResult): string {
  return `${formatReference({ host, dataset, tag, digest })}  ${printable(path)}`
}
