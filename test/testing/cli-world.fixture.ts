// A hub and the command line: what tests of messages and exit codes begin with.
import assert from 'node:assert/strict'
import { type CliOutcome, cli } from './cli.fixture.ts'
import type { TestHubOptions } from './hub.fixture.ts'
import { storedTags } from './stored.fixture.ts'
import { openWorld, type TestWorld } from './world.fixture.ts'

export interface CliWorld extends TestWorld {
  /** Runs `aetherfs <argv>` against the hub. */
  run(...argv: string[]): Promise<CliOutcome>
  /** As `run`, for what has to end with this code and these words on stderr. */
  fails(exit: number, words: RegExp, ...argv: string[]): Promise<void>
  succeeds(...argv: string[]): Promise<CliOutcome>
  /** "dataset:tag" of every tag that the store has. */
  tags(): Promise<string[]>
}

export async function openCliWorld(options: TestHubOptions = {}): Promise<CliWorld> {
  const world = await openWorld(options)
  const run = (...argv: string[]) => cli(argv, { host: world.hub.host, home: world.folder.path })

  async function fails(exit: number, words: RegExp, ...argv: string[]): Promise<void> {
    const outcome = await run(...argv)
    assert.deepEqual([outcome.exit, outcome.stdout], [exit, ''], `${argv.join(' ')}: ${outcome.stderr}`)
    assert.match(outcome.stderr, words, argv.join(' '))
    assert.match(outcome.stderr, /^aetherfs: /)
  }

  async function succeeds(...argv: string[]): Promise<CliOutcome> {
    const outcome = await run(...argv)
    assert.equal(outcome.exit, 0, `${argv.join(' ')}: ${outcome.stderr}`)
    return outcome
  }

  const tags = async () => [...(await storedTags(world.hub.storage)).keys()].sort()
  return { ...world, run, fails, succeeds, tags }
}
