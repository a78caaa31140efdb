// The command line without a process: all of the program but for its start, in milliseconds. test/testing/program.fixture.ts
// has the real thing.
import { createTestWorld } from '../../src/cli/testing/test-world.fixture.ts'
import { connect } from '../../src/client/index.ts'

export interface CliOutcome {
  exit: number
  stdout: string
  stderr: string
}

export interface CliOptions {
  /** For references that name no hub. */
  host: string
  /** Folder for configuration and cache. */
  home: string
  /** @default one in the home */
  cacheFolder?: string
}

/** Runs `aetherfs <argv>`. What fails is not tried again, unless the words say so. */
export async function cli(argv: readonly string[], options: CliOptions): Promise<CliOutcome> {
  const { host, home, cacheFolder = `${home}/cache/aetherfs` } = options
  const env = { HOME: home, AETHERFS_HOST: host, AETHERFS_RETRY_FOR: '0', XDG_CACHE_HOME: `${home}/cache` }
  // By itself the library looks for its cache in the environment of this process.
  const world = createTestWorld({ env, connect: async (options) => connect({ ...options, cacheFolder }) })
  const exit = await world.run(...argv)
  return { exit, stdout: world.stdout.text(), stderr: world.stderr.text() }
}
