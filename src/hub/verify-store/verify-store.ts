// Checks a whole store, also one that hubs work on: every object against its name, records against blocks, tags against
// records. docs/operating.md, "Checking a store", says what it finds.
import { mapOrdered } from '../../dataset/map-ordered.ts'
import type { ObjectInfo } from '../../storage/storage.ts'
import { type BlockWorkers, createBlockWorkers } from './check-block.ts'
import { createLooks, type Looks } from './look.ts'
import type { Outcome } from './outcome.ts'
import type { ReadableStore } from './read-object.ts'
import { reportOf, type StoreReport } from './report.ts'
import type { VerifyState } from './state.ts'
import { objectOf, type StoreObject } from './store-object.ts'

/** Objects that are read at once; of blocks there are fewer. */
const READS_AT_ONCE = 16

export interface VerifyStoreOptions {
  storage: ReadableStore
  /** Where the check is; it goes on from there. */
  state: VerifyState
  /** Compute the hashes of files too. Reads the content of each distinct file once more. @default false */
  files?: boolean
  /** @default its own, ended with the check */
  workers?: BlockWorkers
  /** Bytes of the store that were looked at, and in all. */
  onProgress?: (done: number, total: number) => void
  signal?: AbortSignal
}

/**
 * Goes on from where `state` says to the end. What was found is looked at once more before it is reported, because hubs may
 * move and remove things meanwhile.
 * @throws {AetherError} when the store does not answer, or `signal` is aborted; the state then knows where to go on.
 */
export async function verifyStore(options: VerifyStoreOptions): Promise<StoreReport> {
  const { storage, state, files = false, signal } = options
  const workers = options.workers ?? createBlockWorkers()
  const looks = createLooks({ storage, workers, state, files, signal })
  try {
    if (state.phase() === 'all') {
      await lookAtAll(looks, options)
      state.lookAgain()
    }
    await lookAgain(looks, state, signal)
    return reportOf(state)
  } finally {
    if (options.workers === undefined) await workers.close()
  }
}

interface Begun {
  info: ObjectInfo
  object: StoreObject | undefined
  finish: () => Promise<Outcome | undefined>
}

async function lookAtAll(looks: Looks, { storage, state, onProgress, signal }: VerifyStoreOptions): Promise<void> {
  const total = await bytesOf(storage, signal)
  const report = () => onProgress?.(state.bytesDone(), total)
  report()
  for await (const { info, object, finish } of mapOrdered(
    list(storage, state.position(), signal),
    READS_AT_ONCE,
    begin,
  )) {
    signal?.throwIfAborted()
    const outcome = await finish()
    if (outcome) state.put(outcome)
    state.reached({ key: info.key, counted: { kind: object?.kind ?? 'unknown', bytes: info.size } })
    report()
  }

  async function begin(info: ObjectInfo): Promise<Begun> {
    const object = objectOf(info.key)
    return { info, object, finish: object ? await looks.begin(object, info.size) : async () => undefined }
  }
}

async function lookAgain(looks: Looks, state: VerifyState, signal?: AbortSignal): Promise<void> {
  for (let key = state.nextSuspect(); key !== undefined; key = state.nextSuspect()) {
    signal?.throwIfAborted()
    const outcome = await looks.look(objectOf(key)!)
    if (outcome) state.put(outcome)
    else state.forget(key) // gone, or never there: whoever still needs it says so again
    state.reached({ key })
  }
}

/** What the store has in all: a listing costs little beside reading it. */
async function bytesOf(storage: ReadableStore, signal?: AbortSignal): Promise<number> {
  let total = 0
  for await (const { size } of list(storage, '', signal)) total += size
  return total
}

async function* list(storage: ReadableStore, after: string, signal?: AbortSignal): AsyncGenerator<ObjectInfo> {
  for (let startAfter: string | undefined = after; startAfter !== undefined; ) {
    const page = await storage.list({ prefix: '', ...(startAfter !== '' && { startAfter }), signal })
    yield* page.objects
    startAfter = page.next
  }
}
