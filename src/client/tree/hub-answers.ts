// What the hub says, and what it said last when it is away. A fresh answer is always asked for; a kept one takes its place when
// the hub does not answer, or not soon.
import { setTimeout as delay } from 'node:timers/promises'
import type { CallOptions } from '../../core/dataset.ts'
import { AetherError, type ErrorCode } from '../../core/errors.ts'
import { unlessAborted } from '../../dataset/shared-work.ts'
import type { KeptFiles } from './kept-files.ts'

export interface Question<T> {
  /** Names the question among all that the hub is asked. */
  key: string
  /** @param kept what the hub said last, if that is kept */
  ask(signal: AbortSignal | undefined, kept: () => Promise<T | undefined>): Promise<T>
  encode(answer: T): Uint8Array
  /** May throw for what is not such an answer. */
  decode(bytes: Uint8Array): T | Promise<T>
}

export interface HubAnswers {
  /** @throws {AetherError} what the hub says; `unavailable` when it says nothing and nothing is kept */
  answer<T>(question: Question<T>, options?: CallOptions): Promise<T>
  /** Asks what is not kept here: without much patience while the hub is away. */
  fetch<T>(ask: (signal?: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T>
}

export interface HubAnswersOptions {
  kept: KeptFiles
  /** Whether kept answers may take the place of fresh ones. */
  offlineOk: boolean
  /** Name of the hub, for warnings. */
  hosts: string
  onWarning?: (text: string) => void
  /** Milliseconds to wait for a hub where something is kept, or that was away just now. @default 2000 */
  patience?: number
}

const PATIENCE = 2000
/** Answers after which what was said before does not hold any more. */
const NO_MORE: readonly ErrorCode[] = ['not-found', 'denied', 'unauthenticated']

export function createHubAnswers(options: HubAnswersOptions): HubAnswers {
  const { kept, offlineOk, hosts, onWarning = () => {}, patience = PATIENCE } = options
  let isAway = false
  let isTrying = false

  async function answer<T>(question: Question<T>, { signal }: CallOptions = {}): Promise<T> {
    const old = offlineOk ? await keptAnswer(question) : undefined
    const known = async () => old ?? (await keptAnswer(question))
    if (old === undefined) return fetch(() => fresh(question, known, signal), signal)
    if (isAway) {
      tryAgain(question, known)
      return old
    }
    try {
      return await unlessAborted(inTime(fresh(question, known)), signal)
    } catch (error) {
      if (!isUnavailable(error)) throw error
      goneAway(error)
      return old
    }
  }

  async function fresh<T>(
    { key, ask, encode }: Question<T>,
    old: () => Promise<T | undefined>,
    signal?: AbortSignal,
  ): Promise<T> {
    try {
      const answer = await ask(signal, old)
      isAway = false
      kept.put(key, () => encode(answer))
      return answer
    } catch (error) {
      if (error instanceof AetherError && NO_MORE.includes(error.code)) kept.drop(key)
      throw error
    }
  }

  async function fetch<T>(ask: (signal?: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      const answer = await (isAway ? inTime(ask(signal)) : ask(signal))
      isAway = false
      return answer
    } catch (error) {
      if (isUnavailable(error)) goneAway(error)
      throw error
    }
  }

  /** One at a time looks whether the hub is back, behind those who are served from what is kept. */
  function tryAgain<T>(question: Question<T>, old: () => Promise<T | undefined>): void {
    if (isTrying) return
    isTrying = true
    fresh(question, old)
      .catch(() => delay(patience / 2, undefined, { ref: false }))
      .finally(() => {
        isTrying = false
      })
  }

  function goneAway(error: AetherError): void {
    if (!isAway && offlineOk) onWarning(`The hub ${hosts} is away, so what is kept of it is shown: ${error.message}`)
    isAway = true
  }

  async function keptAnswer<T>({ key, decode }: Question<T>): Promise<T | undefined> {
    const bytes = await kept.get(key)
    try {
      return bytes && (await decode(bytes))
    } catch {
      return undefined // of another version of this program, for example
    }
  }

  /** A call that takes longer goes on, and what it brings is kept. */
  async function inTime<T>(call: Promise<T>): Promise<T> {
    call.catch(() => {})
    const late = new AbortController()
    const timeOut = delay(patience, undefined, { signal: late.signal }).then(() => {
      throw new AetherError('unavailable', `The hub ${hosts} did not answer within ${patience} ms`)
    })
    timeOut.catch(() => {})
    try {
      return await Promise.race([call, timeOut])
    } finally {
      late.abort()
    }
  }

  return { answer, fetch }
}

function isUnavailable(error: unknown): error is AetherError {
  return error instanceof AetherError && error.code === 'unavailable'
}
