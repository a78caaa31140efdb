// Callers who ask the same at about the same time share the work for it, and yet nobody gets an answer that is older than his
// question: who comes while work is under way waits for the next one, which serves all who came meanwhile.
import { type SharedWork, type UnderWay, unlessAborted, waitFor } from './shared-work.ts'

interface Round<T> extends UnderWay<T> {
  /** When it is over, however that went. Never fails. */
  over: Promise<void>
}

/** Of each key at most one piece of work is under way, and one waits for its turn. What nobody waits for any more is stopped. */
export function createFreshWork<K, T>(): SharedWork<K, T> {
  /** Of each key the round under way, and perhaps the one after it. */
  const lines = new Map<K, Round<T>[]>()

  function roundFor(key: K, begin: (signal: AbortSignal) => Promise<T>): Round<T> {
    const line = lines.get(key) ?? []
    lines.set(key, line)
    const [before, next] = line
    const round = next ?? createRound(before, begin, () => leave(key, line, round))
    if (next === undefined) line.push(round)
    return round
  }

  function leave(key: K, line: Round<T>[], round: Round<T>): void {
    line.splice(line.indexOf(round), 1)
    if (line.length === 0) lines.delete(key)
  }

  return { run: (key, begin, signal) => waitFor(roundFor(key, begin), signal) }
}

function createRound<T>(
  before: Round<T> | undefined,
  begin: (signal: AbortSignal) => Promise<T>,
  leave: () => void,
): Round<T> {
  const stop = new AbortController()
  const beginUnlessLeft = () => {
    stop.signal.throwIfAborted()
    return begin(stop.signal)
  }
  const result = unlessAborted(before ? before.over.then(beginUnlessLeft) : begin(stop.signal), stop.signal)
  return { result, over: result.then(leave, leave), waiting: 0, stop }
}
