// Whether the hub can work. Asked often by many, so one answer serves all for a moment.
import { AetherError } from '../core/errors.ts'
import type { Hub } from '../hub/hub.ts'
import type { Limits } from './limits.ts'

export interface Readiness {
  /** @throws {AetherError} `unavailable` */
  check(): Promise<void>
}

export function createReadiness(hub: Pick<Hub, 'ready'>, limits: Limits, draining: () => boolean): Readiness {
  let last: { at: number; answer: Promise<void> } | undefined

  async function ask(): Promise<void> {
    try {
      const signal = AbortSignal.timeout(limits.readyTimeout)
      await Promise.race([hub.ready({ signal }), rejectOnAbort(signal)])
    } catch (cause) {
      throw new AetherError('unavailable', 'The hub cannot reach its store', { cause })
    }
  }

  async function check(): Promise<void> {
    if (draining()) throw new AetherError('unavailable', 'The hub is about to end')
    const now = Date.now()
    if (!last || now - last.at > limits.readyInterval) last = { at: now, answer: ask() }
    return last.answer
  }

  return { check }
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  return promise
}
