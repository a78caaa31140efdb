// Several hubs that serve one store, as one: what one of them cannot do now, the next one is asked for.
import { AetherError } from '../../core/errors.ts'
import { type HttpCall, type HttpCalls, mayRepeat, UnansweredError } from './http-call.ts'

export interface HubAt {
  host: string
  calls: HttpCalls
}

export interface FailingOver extends HttpCalls {
  /** The hub that is asked first: the one that did well last. */
  host(): string
}

/** @param onSwitch told why another hub is asked first from now on */
export function createFailingOver(
  hubs: readonly HubAt[],
  onSwitch: (failure: AetherError, to: string) => void = () => {},
): FailingOver {
  let first = 0

  async function send(call: HttpCall) {
    const failures: AetherError[] = []
    const begin = first
    for (let i = 0; i < hubs.length; i++) {
      const place = (begin + i) % hubs.length
      try {
        const answer = await hubs[place]!.calls.send(call)
        if (failures.length > 0) prefer(place, begin, failures[0]!)
        return answer
      } catch (error) {
        if (!mayRepeat(call, error)) throw error
        failures.push(error)
      }
    }
    throw failures.length === 1 ? failures[0] : noneOf(failures)
  }

  /** Calls that began together fail together: only one of them makes the switch. */
  function prefer(place: number, begin: number, failure: AetherError): void {
    if (first !== begin) return
    first = place
    onSwitch(failure, hubs[place]!.host)
  }

  return {
    send,
    host: () => hubs[first]!.host,
    close: () => hubs.forEach(({ calls }) => void calls.close()),
  }
}

/** When all fail: what each says, and the shortest time after which one of them wants to be asked again. */
function noneOf(failures: readonly AetherError[]): AetherError {
  const message = `None of the ${failures.length} hubs can do this now: ${failures.map((failure) => failure.message).join('; ')}`
  const waits = failures.map(({ detail }) => Number(detail.retryAfterMs ?? 0))
  const { hint } = failures[0]!
  const options = { hint, detail: { retryAfterMs: String(Math.min(...waits)) }, cause: failures[0] }
  const unanswered = failures.filter((failure) => failure instanceof UnansweredError)
  if (unanswered.length < failures.length) return new AetherError('unavailable', message, options)
  const sent = unanswered.some((failure) => failure.sent)
  return new UnansweredError(message, sent, options)
}
