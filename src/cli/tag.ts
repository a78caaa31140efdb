// aetherfs tag: points a tag to what another reference points to.
import { AetherError } from '../core/errors.ts'
import { type Digest, parseDigest } from '../core/id.ts'
import { EXIT } from './errors/exit-codes.ts'
import { withOwnTag } from './operands.ts'
import { tagResultJson } from './output/json-shapes.ts'
import { movedLine } from './output/tag-lines.ts'
import type { Verb } from './verb.ts'

interface Flags {
  message?: string
  expect?: string
}

export const tag: Verb<Flags> = {
  define(command) {
    command
      .argument('<from>', 'reference of the snapshot')
      .argument('<to>', 'the tag that shall point to it, of the same dataset')
      .option('-m, --message <text>', 'why, for the log')
      .option('--expect <digest>', 'only if the tag points there now; "none": only if there is no such tag')
  },
  examples: [
    ['aetherfs tag geo:v2 geo:stable', 'release v2'],
    ['aetherfs tag geo:latest geo:v3 -m "nightly is good"', 'give a version to what "latest" points to'],
    ['aetherfs tag geo:v2 geo:stable --expect none', 'only if it is new'],
  ],
  exits: [EXIT.notFound, EXIT.unauthenticated, EXIT.denied, EXIT.conflict, EXIT.temporary],
  async run({ client, out, signal }, [from = '', to = ''], { message, expect }) {
    withOwnTag(to)
    const expected = expect === undefined ? undefined : parseExpected(expect)
    const result = await (await client()).tag(from, to, { reason: message, expected, signal })
    await (out.json ? out.value(tagResultJson(result)) : out.line(movedLine(to, result)))
    return undefined
  },
}

function parseExpected(text: string): Digest | 'none' {
  if (text === 'none') return 'none'
  try {
    return parseDigest(text)
  } catch (cause) {
    throw new AetherError('invalid', `Cannot use "${text}" for --expect`, {
      cause,
      hint: 'Write "none", or the whole digest as "aetherfs show" prints it: sha256:…',
    })
  }
}
