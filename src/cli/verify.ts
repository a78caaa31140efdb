// aetherfs verify: are the files of a pulled folder as they were delivered, or the objects of a store as they were written?
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import type { Finding, VerifiedVersion, VerifyResult } from '../client/pull/verify-folder.ts'
import { AetherError } from '../core/errors.ts'
import { parseReference } from '../core/reference.ts'
import type { Context } from './context.ts'
import { EXIT } from './errors/exit-codes.ts'
import { verifyJson } from './output/json-shapes.ts'
import { countOf, formatBytes } from './output/numbers.ts'
import { printable } from './output/printable.ts'
import { dataFolder } from './settings/xdg.ts'
import type { Verb } from './verb.ts'
import type { StoreFlags } from './verify-store.ts'

export const verify: Verb<StoreFlags> = {
  settings: ['run.storage'],
  define(command) {
    command
      .argument('[folder]', 'a folder that was pulled into, a dataset in it, or one of its links; without it, a store')
      .argument('[reference]', 'check a plain folder against this instead; asks the hub')
      .option('--files', 'of a store: compute the hashes of files too, which reads their content once more')
      .option('--state <file>', 'of a store: keep in this file how far the check has come')
      .option('--restart', 'of a store: begin anew instead of going on where a check was interrupted')
      .hook('preAction', refuseBoth)
  },
  examples: [
    ['aetherfs verify /var/datasets', 'all versions in the folder; needs no hub'],
    ['aetherfs verify /var/datasets/geo/latest', 'one of them'],
    ['aetherfs verify ./geo geo:v1', 'a folder from "pull -o", or any other'],
    ['aetherfs verify --storage /srv/aetherfs', "a hub's whole store, also while hubs work on it"],
  ],
  exits: [EXIT.notFound, EXIT.unauthenticated, EXIT.denied, EXIT.integrity, EXIT.temporary],
  async run(context, [folder, reference], flags) {
    if (folder === undefined) return verifyStore(context, flags)
    const progress = await context.progress()
    const result =
      reference === undefined ? await checkTarget(context, folder) : await checkPlain(context, folder, reference)
    progress.finish()
    if (context.out.json) await context.out.value(verifyJson(result))
    else await context.out.lines(result.versions.flatMap((version) => versionLines(context, version)))
    if (!result.ok) throw new AetherError('integrity', problem(folder, result), { hint: hintFor(result, reference) })
    return undefined
  },
}

/** What is for stores says nothing about a folder; leaving it out without a word would look as if it did. */
function refuseBoth(command: Command): void {
  const given = ['storage', 'files', 'state', 'restart'].filter((name) => command.getOptionValueSource(name) === 'cli')
  if (command.args.length > 0 && given.length > 0) command.error(`--${given[0]} is for stores, and a folder is named`)
}

async function verifyStore(context: Context, flags: StoreFlags): Promise<undefined> {
  const location = context.settings['run.storage'] ?? join(dataFolder(context.world.env), 'store')
  const { checkStore } = await import('./verify-store.ts')
  await checkStore(context, location, flags)
}

async function checkTarget(context: Context, folder: string): Promise<VerifyResult> {
  const { verifyFolder } = await import('../client/pull/verify-folder.ts')
  return verifyFolder(folder, { onProgress: (await context.progress()).report, signal: context.signal })
}

/** The hub says what should be there. */
async function checkPlain(context: Context, folder: string, reference: string): Promise<VerifyResult> {
  parseReference(reference)
  const { verifyAgainst } = await import('../client/pull/verify-folder.ts')
  const { entries, digest, host, dataset } = await (await context.client()).open(reference, { signal: context.signal })
  const files = await verifyAgainst(folder, entries, {
    onProgress: (await context.progress()).report,
    signal: context.signal,
  })
  const version = { ...files, path: resolve(folder), digest, host, dataset, links: [], known: true }
  return { ok: files.findings.length === 0, versions: [version], files: files.files, bytes: files.bytes }
}

function versionLines({ style }: Context, version: VerifiedVersion): string[] {
  const { links, path, known, findings, files, bytes } = version
  const name = printable(links.join(', ') || path)
  if (!known) return [`${style.bad('unknown')}  ${name}: its record is lost or damaged`]
  const verdict = findings.length === 0 ? style.good('ok') : style.bad('bad')
  return [`${verdict}  ${name}: ${countOf(files, 'file')}, ${formatBytes(bytes)}`, ...findings.map(findingLine)]
}

function findingLine({ path, problem, expected, actual }: Finding): string {
  const words = [expected && `expected ${expected}`, actual && `is ${actual}`].filter(Boolean).join(', ')
  return `  ${problem}: ${printable(path)}${words && ` (${printable(words)})`}`
}

function problem(folder: string, { versions }: VerifyResult): string {
  const found = versions.reduce((count, { findings }) => count + findings.length, 0)
  const lost = versions.filter(({ known }) => !known).length
  if (found === 0) return `Cannot check ${countOf(lost, 'version')} in "${folder}": the record is lost or damaged`
  return `${countOf(found, 'thing')} in "${folder}" ${found === 1 ? 'is' : 'are'} not as delivered`
}

function hintFor({ versions }: VerifyResult, reference: string | undefined): string {
  if (reference !== undefined) return `Pull it again: aetherfs pull -o <folder> ${reference}`
  const bad = versions.find(({ known, findings }) => !known || findings.length > 0)
  return `Remove ${bad?.path ?? 'the folder'} and pull again`
}
