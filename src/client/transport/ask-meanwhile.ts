// While a hub is at work on a long call it says nothing, and could as well hang. So it is asked for something short over another
// connection. What answers is alive, whatever it answers, and a refusal comes from something alive too: the call's own connection
// tells when the hub has ended.
import { setTimeout as delay } from 'node:timers/promises'

/** Questions in a row without an answer. */
const UNANSWERED = 2

/**
 * Resolves when the hub has fallen silent.
 * @param ask resolves to whether it was met by silence
 * @param pause milliseconds before the first question, and between two that were answered
 * @throws when `signal` aborts
 */
export async function untilSilent(ask: () => Promise<boolean>, pause: number, signal: AbortSignal): Promise<void> {
  for (let unanswered = 0; unanswered < UNANSWERED; ) {
    if (unanswered === 0) await delay(pause, undefined, { signal, ref: false })
    unanswered = (await ask()) ? unanswered + 1 : 0
    signal.throwIfAborted()
  }
}
