// A trial: somebody works with datasets while faults strike. Each thing they do either succeeds whole or fails cleanly, and
// when the faults are over, promises 1 to 4 of the README hold.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { AetherError, type Client, type Digest, type ErrorCode, type LogEntry } from '../../../src/client/index.ts'
import { verifyFolder } from '../../../src/client/pull/verify-folder.ts'
import { retry } from '../../../src/core/retry.ts'
import type { Storage } from '../../../src/storage/storage.ts'
import type { Random } from '../../testing/random.fixture.ts'
import { checkTagsComplete, storedTags } from '../../testing/stored.fixture.ts'
import { CHANNELS, type Deed, nextDeed, TAGS, type Told } from './deeds.fixture.ts'
import { createModel, type Place } from './model.fixture.ts'
import { linesOf, type Stage } from './stage.fixture.ts'

/** Milliseconds after which a deed that has not ended counts as one that never does. */
const BOUND = 60_000

/** Deeds that are done in any case: less tells nothing. */
const FEW = 10

/** Whoever is told one of these does not know whether it was done. */
const UNCLEAR: readonly string[] = ['unavailable', 'cancelled', 'partial'] satisfies ErrorCode[]
/** How deeds end that a fault kept from their end. */
export const CODES_OF_FAULTS: readonly string[] = [...UNCLEAR, 'integrity']

export interface TrialOptions {
  stage: Stage
  /** Empty folder for this trial. */
  folder: string
  random: Random
  /** The store as it is, without faults. */
  store: Storage
  /** Each deed is done by one of them. */
  clients: Client[]
  /** How many deeds at most. */
  deeds: number
  /** Begins no further deed after this, as `performance.now` counts, but for the first few. @default never */
  end?: number
  /** Codes that faults may lead to. */
  codes: readonly ErrorCode[]
  /** Milliseconds after which a caller gives up. @default never */
  patience?: number
  /** Clients try again what failed: a move whose answer was lost is then told as one that was made before. @default false */
  isRetrying?: boolean
}

export interface Done extends Deed {
  outcome: ErrorCode | 'done'
  told: Told[]
}

export interface Trial {
  /** While all is well: something to begin with. */
  prepare(): Promise<void>
  /** Does them all, and checks each. */
  run(): Promise<Done[]>
  /**
   * Checks what has to hold when all is well again.
   * @param fresh a client without a past, of a hub without faults
   */
  settle(fresh: Client): Promise<void>
}

export function createTrial(options: TrialOptions): Trial {
  const { stage, folder, random, store, clients, codes, patience, isRetrying = false, end = Infinity } = options
  const model = createModel(TAGS)
  const target = `${folder}/target`
  const done: Done[] = []
  const delivered = new Map<string, Place>(CHANNELS.map((channel) => [channel, 'none']))

  async function prepare(): Promise<void> {
    for (const [i, channel] of CHANNELS.entries()) {
      const { path, digest } = stage.sources[i]!
      await patiently(() => clients[0]!.push(path, [`geo:${channel}`]))
      model.told(channel, digest, true)
    }
    await checkStore('its beginning')
  }

  async function run(): Promise<Done[]> {
    for (let number = 0; number < options.deeds && (number < FEW || performance.now() < end); number++) {
      const deed = nextDeed({ stage, model, random, target, number })
      done.push(await act(deed, random.pick(clients)))
      await checkStore(deed.name)
      await checkFolder(deed.name)
    }
    return done
  }

  async function act(deed: Deed, client: Client): Promise<Done> {
    const signal = patience === undefined ? undefined : AbortSignal.timeout(patience)
    try {
      const told = await within(BOUND, deed.perform(client, { signal }), deed.name)
      for (const { tag, place, moved } of told) model.told(tag, place, moved)
      return { ...deed, outcome: 'done', told }
    } catch (error) {
      const code = codeOf(error, deed)
      const mayCancel = signal?.aborted ? ['cancelled'] : []
      assert.ok([...codes, ...deed.mayFail, ...mayCancel].includes(code), `${deed.name}: ${explain(error)}`)
      if (UNCLEAR.includes(code)) for (const tag of deed.tags) model.unclear(tag, deed.wanted)
      return { ...deed, outcome: code, told: [] }
    }
  }

  /** Promise 2, and that what callers were told is so. */
  async function checkStore(when: string): Promise<void> {
    await checkTagsComplete(store)
    model.saw(await storedTags(store), when)
  }

  /** Promise 4: each link leads to exactly one whole version, the one from before or one that the tag may have pointed to. */
  async function checkFolder(when: string): Promise<void> {
    for (const [channel, before] of delivered) {
      const path = `${target}/geo/${channel}`
      const lines = existsSync(path) ? await linesOf(`${path}/`) : undefined
      const found = lines === undefined ? 'none' : stage.sources.find((source) => source.lines === lines)?.digest
      assert.ok(found !== undefined, `${path} is no version after ${when}`)
      assert.ok(found === before || model.past(channel).has(found), `${path} is at ${found} after ${when}`)
      delivered.set(channel, found)
    }
  }

  async function settle(fresh: Client): Promise<void> {
    await checkStore('all')
    const tags = await checkDeliveries()
    await checkPushed(fresh)
    for (const tag of TAGS) await checkLog(fresh, tag, tags.get(`geo:${tag}`))
    if (existsSync(`${target}/geo`)) assert.ok((await verifyFolder(target)).ok)
    for (const source of stage.sources) {
      const [pushed] = await patiently(() => clients[0]!.push(source.path, ['geo:last']))
      assert.equal(pushed!.digest, source.digest)
    }
  }

  /** What a caller has given up may yet be done by the hub. If that is so, and may be so, it is looked at anew. */
  async function checkDeliveries(): Promise<ReadonlyMap<string, Digest>> {
    for (;;) {
      const tags = await storedTags(store)
      try {
        for (const client of clients) await checkDelivery(client, tags)
        return tags
      } catch (error) {
        if (isDeepStrictEqual(await storedTags(store), tags)) throw error
        await checkStore('all, and what was done later')
      }
    }
  }

  /** What hub and client have kept in memory and on disk does not stand in the way. */
  async function checkDelivery(client: Client, tags: ReadonlyMap<string, Digest>): Promise<void> {
    for (const channel of CHANNELS) {
      const digest = tags.get(`geo:${channel}`)
      if (digest === undefined) continue
      const [pulled] = await patiently(() => client.pull(target, [`geo:${channel}`]))
      assert.equal(pulled!.digest, digest)
      assert.equal(await linesOf(`${pulled!.path}/`), stage.byDigest.get(digest)!.lines)
    }
  }

  /** Promises 1 and 3. */
  async function checkPushed(fresh: Client): Promise<void> {
    const pushed = done.filter(({ name, outcome }) => name.endsWith('push') && outcome === 'done')
    for (const digest of new Set(pushed.map(({ wanted }) => wanted[0]!))) {
      const [pulled] = await patiently(() => fresh.pull(`${folder}/fresh`, [`geo@sha256:${digest}`]))
      assert.equal(await linesOf(`${pulled!.path}/`), stage.byDigest.get(digest)!.lines)
    }
  }

  /** The log is a chain that ends where the tag is. Who was told that it moved moved it, once; who was told that it did not did not. */
  async function checkLog(fresh: Client, tag: string, digest: Digest | undefined): Promise<void> {
    const log: LogEntry[] = await patiently(() => Array.fromAsync(fresh.log(`geo:${tag}`)))
    assert.equal(log[0]?.to, digest, `the end of the log of ${tag}`)
    log.forEach((entry, i) => {
      assert.equal(entry.from, log[i + 1]?.to, `a link of the log of ${tag}: ${entry.reason}`)
      assert.ok(i === 0 || log[i - 1]!.whenMicros > entry.whenMicros, 'times of a log only grow')
    })
    for (const deed of done) {
      const count = log.filter(({ reason }) => reason === deed.name).length
      const right = timesInLog(deed, tag)
      assert.ok(right.includes(count), `the log of ${tag} has "${deed.name}" ${count} times: ${JSON.stringify(deed)}`)
    }
  }

  function timesInLog({ tags, outcome, told }: Done, tag: string): number[] {
    const one = told.find((one) => one.tag === tag)
    if (one?.moved) return [1]
    return (one && isRetrying) || (UNCLEAR.includes(outcome) && tags.includes(tag)) ? [0, 1] : [0]
  }

  return { prepare, run, settle }
}

function codeOf(error: unknown, { name }: Deed): ErrorCode {
  if (error instanceof AetherError) return error.code
  throw error instanceof assert.AssertionError ? error : new Error(`${name} failed without a code`, { cause: error })
}

function explain(error: unknown): string {
  return error instanceof AetherError ? `${error.code}: ${error.stack} ${explain(error.cause)}` : String(error)
}

async function within<T>(ms: number, work: Promise<T>, what: string): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new assert.AssertionError({ message: `${what} never ended` })), ms)
  try {
    return await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}

/** For what has to succeed because nothing fails any more: these clients give up soon, and this machine may be busy. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  return retry(work, { attempts: 10, firstDelay: 500 }) // what is `unavailable`
}
