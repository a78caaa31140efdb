// aetherfs rollback: points a channel back to where it pointed before.
import { EXIT } from './errors/exit-codes.ts'
import { withOwnTag } from './operands.ts'
import { tagResultJson } from './output/json-shapes.ts'
import { movedLine } from './output/tag-lines.ts'
import type { Verb } from './verb.ts'

interface Flags {
  message?: string
}

export const rollback: Verb<Flags> = {
  define(command) {
    command
      .argument('<reference>', 'the channel, for example geo:stable')
      .option('-m, --message <text>', 'why, for the log')
  },
  examples: [
    ['aetherfs rollback geo:stable', 'undo its last move'],
    ['aetherfs rollback geo:stable -m "v2 is broken"', 'and say why'],
  ],
  exits: [EXIT.notFound, EXIT.unauthenticated, EXIT.denied, EXIT.conflict, EXIT.temporary],
  async run({ client, out, signal }, [reference = ''], { message }) {
    withOwnTag(reference)
    const result = await (await client()).rollBack(reference, { reason: message, signal })
    await (out.json ? out.value(tagResultJson(result)) : out.line(movedLine(reference, result)))
    return undefined
  },
}
