// aetherfs complete -- words: what the completion scripts ask. Hidden, as it is not for people.
import { findAnswer } from './completion/find-answer.ts'
import { findReferences, TIME_OUT_MS } from './completion/find-references.ts'
import { answerLines } from './completion/shell-scripts.ts'
import type { Verb } from './verb.ts'

export const complete: Verb = {
  define(command) {
    command.argument('[words...]', 'what is typed so far')
  },
  examples: [['aetherfs complete -- ls ge', 'references that begin with "ge"']],
  exits: [],
  async run({ client, out, signal }, words) {
    const answer = await findAnswer(words, async (word, host) => {
      const bounded = AbortSignal.any([signal, AbortSignal.timeout(TIME_OUT_MS)])
      return findReferences(await client(), word, host, bounded)
    })
    await out.lines(answerLines(answer))
    return undefined
  },
}
