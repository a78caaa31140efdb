// aetherfs verify --storage: is everything in the store of a hub as it was written? It goes on where it was interrupted.
import { join } from 'node:path'
import { AetherError } from '../core/errors.ts'
import { sha256Hex } from '../core/id.ts'
import type { StoreReport } from '../hub/verify-store/report.ts'
import type { VerifyStoreOptions } from '../hub/verify-store/verify-store.ts'
import type { Storage } from '../storage/storage.ts'
import type { Context } from './context.ts'
import { countOf } from './output/numbers.ts'
import { storeReportJson, storeReportLines } from './output/store-report.ts'
import { toTimestamp } from './output/times.ts'
import { cacheFolder } from './settings/xdg.ts'

export interface StoreFlags {
  /** Compute the hashes of files too. */
  files?: boolean
  /** File for the state of the check. */
  state?: string
  restart?: boolean
}

interface Check {
  location: string
  /** Which store and how deep: what a state belongs to. */
  subject: string
  statePath: string
  flags: StoreFlags
}

export async function checkStore(context: Context, location: string, flags: StoreFlags): Promise<void> {
  const subject = flags.files ? `${location} with --files` : location
  const statePath = flags.state ?? defaultState(context, subject)
  const report = await performCheck(context, { location, subject, statePath, flags })
  const { removeState } = await import('../hub/verify-store/state-file.ts')
  await removeState(statePath) // the next check reads everything anew
  requireStore(location, report)
  const { out, style } = context
  if (out.json) await out.value(storeReportJson(report, location, flags.files ?? false))
  else await out.lines(storeReportLines(report, location, style))
  if (!report.ok) throw new AetherError('integrity', problemIn(location, report), { hint: HINT })
}

const HINT = 'Each line says what to do about it; verify again afterwards'

function defaultState({ settings, world }: Context, subject: string): string {
  const name = `${sha256Hex(subject).slice(0, 32)}.sqlite`
  return join(settings.cacheDir ?? cacheFolder(world.env), 'verify', name)
}

async function performCheck(context: Context, check: Check): Promise<StoreReport> {
  const { openStateFile, explainState } = await import('../hub/verify-store/state-file.ts')
  const { openState } = await import('../hub/verify-store/state.ts')
  const { location, subject, statePath, flags } = check
  await using opened = new AsyncDisposableStack()
  const storage = opened.adopt(await openStore(context, location), (store) => store.close())
  const file = await openStateFile(statePath, { subject, restart: flags.restart ?? false })
  const state = opened.adopt(openState(file, context.now), (open) => open.close())
  if (state.resumed) await context.note(`Going on with the check that began at ${toTimestamp(state.begun * 1000)}`)
  try {
    return await verifyWithProgress(context, location, { storage, state, files: flags.files ?? false })
  } catch (error) {
    await context.note('The same command goes on where this check has come to')
    throw explainState(error, statePath)
  }
}

/** Nothing is written to the store: read permission is enough. */
async function openStore({ settings }: Context, location: string): Promise<Storage> {
  const { openStorage } = await import('../storage/open-storage.ts')
  const { hardened } = await import('../storage/hardened.ts')
  const { isRemote } = await import('./serve/harden-store.ts')
  const { retriesFor } = await import('../storage/retrying.ts')
  const remote = isRemote(location)
  const { patience, policy } = retriesFor(settings.retryFor)
  // A disk is given as many tries as in a hub: what it refuses, it mostly refuses for good.
  const retries = remote ? { patience, policy } : { patience }
  return hardened(await openStorage(location, { readOnly: true }), { remote, retries })
}

async function verifyWithProgress(
  context: Context,
  location: string,
  options: VerifyStoreOptions,
): Promise<StoreReport> {
  const { verifyStore } = await import('../hub/verify-store/verify-store.ts')
  const progress = await context.progress()
  const onProgress = (bytes: number, totalBytes: number) =>
    progress.report({ subject: location, phase: 'verify', bytes, totalBytes })
  const report = await verifyStore({ ...options, onProgress, signal: context.signal })
  progress.finish()
  return report
}

/** A mistyped path must not pass for a sound store. */
function requireStore(location: string, { found, counts, unknown }: StoreReport): void {
  if (found > 0 || Object.values(counts).some(({ objects }) => objects > 0)) return
  const files = countOf(unknown.objects, 'object')
  const reason = unknown.objects === 0 ? 'it is empty' : `no hub has written any of its ${files}`
  throw new AetherError('not-found', `There is no store at "${location}": ${reason}`)
}

function problemIn(location: string, { found, snapshots, tags }: StoreReport): string {
  const touched = `${countOf(snapshots.count, 'snapshot')} and ${countOf(tags.count, 'tag')}`
  return `${countOf(found, 'object')} of the store "${location}" ${found === 1 ? 'is' : 'are'} damaged or missing, which touches ${touched}`
}
