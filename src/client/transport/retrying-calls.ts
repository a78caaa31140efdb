// Tries calls again that failed for a reason that may pass. How long: as long as the user has patience without anything
// getting done, but only for a moment with a hub that has never answered, because then it is most likely the wrong one.
import { AetherError, isAbort } from '../../core/errors.ts'
import { createRetryBudget, type RetryPolicy, retry } from '../../core/retry.ts'
import { type HttpCall, type HttpCalls, mayRepeat, UnansweredError } from './http-call.ts'

export interface RetryingCallsOptions {
  /** Milliseconds of trying without any success; 0 means one try. */
  retryFor: number
  /** Told why calls are tried again, every few seconds while they are. */
  onWarning?: (text: string) => void
  /** Milliseconds. @default performance.now */
  now?: () => number
  /** @default those of core/retry.ts */
  random?: RetryPolicy['random']
  wait?: RetryPolicy['wait']
}

/** Milliseconds of trying with a hub that has never answered. */
const FIRST_CONTACT = 1_000
/** Failures of one call at most while other calls get through, or after a long try. Else only patience ends it. */
const FUTILE_TRIES = 20
/** Longest wait before the second try, and between two later ones, in milliseconds. */
const FIRST_DELAY = 200
const MAX_DELAY = 5_000
/** Tries of all calls together for each second of patience: a hub that comes back is not to be buried. */
const TRIES_A_SECOND = 10
/** A try that took longer than this has moved bytes, or its silence would have ended it before. Milliseconds. */
const LONG_TRY = 45_000
/** Milliseconds between two warnings. */
const WARN_EVERY = 5_000

export function createRetryingCalls(calls: HttpCalls, options: RetryingCallsOptions): HttpCalls {
  const { retryFor, onWarning = () => {}, now = () => performance.now(), random, wait } = options
  const budget = createRetryBudget(Math.max(50, (retryFor / 1000) * TRIES_A_SECOND))
  const shared = { attempts: Infinity, firstDelay: FIRST_DELAY, maxDelay: MAX_DELAY, budget, random, wait }
  let answered = false
  let lastSuccess = Number.NEGATIVE_INFINITY
  let lastWarning = Number.NEGATIVE_INFINITY

  async function send(call: HttpCall) {
    const begun = now()
    let tryBegun = begun
    /** Since when nothing was achieved. */
    let failingSince: number | undefined
    /** Failures although something moved: other calls, or bytes of this one. */
    let futile = 0
    let knownSuccess = lastSuccess

    function goesOn(error: AetherError): boolean {
      const wasLong = now() - tryBegun > LONG_TRY + (call.answerTimeout ?? 0)
      if (wasLong) failingSince = undefined
      failingSince ??= now()
      if (wasLong || lastSuccess !== knownSuccess) futile++
      if (futile >= FUTILE_TRIES) return false
      knownSuccess = lastSuccess
      const patience = answered ? retryFor : Math.min(retryFor, FIRST_CONTACT)
      const since = answered ? Math.max(failingSince, lastSuccess) : begun
      return now() - since + Number(error.detail.retryAfterMs ?? 0) < patience
    }

    async function attempt() {
      tryBegun = now()
      try {
        const answer = await calls.send(call)
        lastSuccess = now()
        answered = true
        return answer
      } catch (error) {
        answered ||= isAnswer(error)
        throw error
      }
    }

    const policy: RetryPolicy = {
      ...shared,
      mayRetry: (error) => mayRepeat(call, error) && goesOn(error),
      onRetry: warn,
    }
    return await retry(attempt, policy, call.signal).catch(toCancelled)
  }

  function warn(error: unknown): void {
    if (!answered || now() - lastWarning < WARN_EVERY) return
    lastWarning = now()
    onWarning(`${(error as AetherError).message}; trying again`)
  }

  return { send, close: () => calls.close() }
}

function isAnswer(error: unknown): boolean {
  return error instanceof AetherError && !(error instanceof UnansweredError) && error.code !== 'cancelled'
}

/** What ends the wait between two tries. */
function toCancelled(error: unknown): never {
  throw isAbort(error) ? new AetherError('cancelled', 'Cancelled', { cause: error }) : error
}
