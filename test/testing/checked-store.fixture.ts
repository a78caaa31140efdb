// Checks of a store with state in memory, and the words in which tests say what they find.
import { type BlockWorkers, createBlockWorkers } from '../../src/hub/verify-store/check-block.ts'
import type { ReadableStore } from '../../src/hub/verify-store/read-object.ts'
import type { StoreReport } from '../../src/hub/verify-store/report.ts'
import { openState } from '../../src/hub/verify-store/state.ts'
import { openStateFile } from '../../src/hub/verify-store/state-file.ts'
import { type VerifyStoreOptions, verifyStore } from '../../src/hub/verify-store/verify-store.ts'

let shared: BlockWorkers | undefined

function sharedWorkers(): BlockWorkers {
  shared ??= createBlockWorkers()
  return shared
}

/** One check from its beginning to its end. Workers are shared, because starting one takes longer than most checks. */
export async function checkStore(
  storage: ReadableStore,
  options: Partial<Pick<VerifyStoreOptions, 'files' | 'signal' | 'onProgress'>> = {},
): Promise<StoreReport> {
  return checkFrom(':memory:', storage, options)
}

/** As `checkStore`, with its state in a file; goes on where the last one was. */
export async function checkFrom(
  path: string,
  storage: ReadableStore,
  options: Partial<VerifyStoreOptions> = {},
): Promise<StoreReport> {
  const state = openState(await openStateFile(path, { subject: 'a test' }))
  try {
    return await verifyStore({ ...options, storage, state, workers: sharedWorkers() })
  } finally {
    state.close()
  }
}

/** One line for each finding: "damaged block: reason [geo:v1 geo:v2]". */
export function findingsOf({ findings }: StoreReport): string[] {
  return findings.map(({ problem, kind, reason, tags }) => `${problem} ${kind}: ${reason} [${tags.names.join(' ')}]`)
}
