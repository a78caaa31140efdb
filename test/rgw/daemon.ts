// A program that runs in the background until it is ended: with this process at the latest, even when that is killed.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, openSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

export interface Daemon extends AsyncDisposable {
  /** Rejects, with the end of its log, when it ends of itself. */
  failed: Promise<never>
}

export interface DaemonOptions {
  /** Folder for its log. */
  folder: string
  env: NodeJS.ProcessEnv
}

export function startDaemon(name: string, args: string[], { folder, env }: DaemonOptions): Daemon {
  const log = join(folder, `${name}.out`)
  const output = openSync(log, 'a')
  // In a session of its own, so that Ctrl-C ends the tests first. The kernel ends it with its parent.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', name, ...args], {
    env,
    detached: true,
    stdio: ['ignore', output, output],
  })
  const ended = once(child, 'exit')
  const failed = ended.then(async ([code, signal]) => {
    const said = await text(createReadStream(log))
    throw new Error(`${name} ended with ${code ?? signal}: ${said.slice(-2000)}`)
  })
  failed.catch(() => {}) // it is ended some day, and that is fine

  async function end(): Promise<void> {
    child.kill('SIGKILL')
    await ended.catch(() => {})
  }

  return { failed, [Symbol.asyncDispose]: end }
}
