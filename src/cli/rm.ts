// aetherfs rm: removes tags. What no tag reaches any more is collected later.
import type { Client } from '../client/client.ts'
import { AetherError, toAetherError } from '../core/errors.ts'
import type { Context } from './context.ts'
import { EXIT } from './errors/exit-codes.ts'
import { withOwnTag } from './operands.ts'
import type { Verb } from './verb.ts'

interface Flags {
  message?: string
}

export const rm: Verb<Flags> = {
  define(command) {
    command
      .argument('<reference...>', 'tags to remove; each has to be named')
      .option('-m, --message <text>', 'why, for the log')
  },
  examples: [
    ['aetherfs rm geo:old', 'remove a tag'],
    ['aetherfs rm geo:v1 geo:v2 -m "superseded"', 'remove several'],
  ],
  exits: [EXIT.notFound, EXIT.unauthenticated, EXIT.denied, EXIT.conflict, EXIT.temporary, EXIT.partial],
  async run(context, references, { message }) {
    for (const reference of references) withOwnTag(reference) // all of them, before the first is removed
    const client = await context.client()
    const removed: string[] = []
    for (const reference of references) {
      await remove(context, client, reference, message, removed)
      removed.push(reference)
    }
    if (context.out.json) await context.out.value({ removed })
    else await context.out.lines(removed.map((reference) => `removed ${reference}`))
    return undefined
  },
}

async function remove(
  { signal }: Context,
  client: Client,
  reference: string,
  reason: string | undefined,
  removed: string[],
): Promise<void> {
  try {
    await client.deleteTag(reference, { reason, signal })
  } catch (cause) {
    if (removed.length === 0) throw cause
    const { message, hint, detail } = toAetherError(cause)
    throw new AetherError('partial', `Removed ${removed.join(', ')}, but not "${reference}": ${message}`, {
      cause,
      hint,
      detail,
    })
  }
}
