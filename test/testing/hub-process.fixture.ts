// A hub in a process of its own: one that can be killed.
import { type Program, type ProgramOptions, startProgram } from './program.fixture.ts'
import { until } from './until.fixture.ts'

export interface HubProcess extends AsyncDisposable {
  /** Host and port, as references have it. */
  host: string
  url: string
  program: Program
  /** Ends it at once, as a crash does. */
  kill(): Promise<void>
  /** Asks it to end; resolves with its exit code. */
  stop(): Promise<number | undefined>
}

export interface HubProcessOptions extends Pick<ProgramOptions, 'home' | 'env' | 'fileLimit'> {
  /** Folder of the store, or another thing that --storage takes. */
  store: string
  /** @default any that is free */
  port?: number
  /** Further words for `aetherfs run`. */
  args?: readonly string[]
}

export async function startHubProcess({
  store,
  port = 0,
  args = [],
  ...options
}: HubProcessOptions): Promise<HubProcess> {
  const program = startProgram(['run', '--listen', `127.0.0.1:${port}`, '--storage', store, ...args], options)
  const ended = program.outcome.then(({ stderr }) => Promise.reject(new Error(`The hub did not start: ${stderr}`)))
  ended.catch(() => {}) // it ends some day, and that is fine
  await Promise.race([ended, until(() => program.stdout().includes('\n'), 'the address of the hub')])
  const [url = ''] = program.stdout().split('\n')

  async function end(signal: NodeJS.Signals): Promise<number | undefined> {
    program.process.kill(signal)
    return (await program.outcome).exit
  }

  return {
    host: url.replace('http://', ''),
    url,
    program,
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
    [Symbol.asyncDispose]: async () => void (await end('SIGKILL')),
  }
}

/** The port of an address, to start a hub there again. */
export function portOf({ host }: { host: string }): number {
  return Number(host.slice(host.lastIndexOf(':') + 1))
}
