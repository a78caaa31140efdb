// stdout: the results of a command and nothing else. Lines for people, or one JSON value a line with --json.
import type { Sink } from '../world.ts'

export interface Output {
  /** True when the user asked for JSON. */
  readonly json: boolean
  /** Waits while the reader is behind. @throws {OutputClosed} when there is no reader any more. */
  line(text: string): Promise<void>
  lines(texts: Iterable<string>): Promise<void>
  /** One JSON value on a line of its own. */
  value(value: unknown): Promise<void>
  /** Sends what was held back. */
  flush(): Promise<void>
}

/** Lines are sent together: a million system calls for a million lines would take longer than making them. */
const HELD_BACK = 16 * 1024

export function createOutput(sink: Sink, json: boolean): Output {
  let held = ''
  const flush = () => {
    const text = held
    held = ''
    return text === '' ? Promise.resolve() : sink.write(text)
  }
  const line = async (text: string) => {
    held += `${text}\n`
    if (held.length >= HELD_BACK) await flush()
  }
  return {
    json,
    line,
    async lines(texts) {
      for (const text of texts) await line(text)
    },
    value: (value) => line(JSON.stringify(value)),
    flush,
  }
}
