// Runs the real program as a user does: each command a process of its own.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('../../bin/aetherfs', import.meta.url))

export type Environment = Record<string, string | undefined>

/** Runs a command. @returns what it printed on stdout, read as JSON. @throws when it fails. */
export async function aetherfs<T>(args: string[], env: Environment): Promise<T> {
  const child = spawn(PROGRAM, [...args, '--json', '--no-progress'], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
  if (code !== 0) throw new Error(`aetherfs ${args.join(' ')} ended with ${code}`)
  return JSON.parse(output) as T
}

export interface Hub {
  /** "http://127.0.0.1:12345". */
  url: string
  /** Ends when the hub does. */
  ended: Promise<unknown>
  stop(): Promise<void>
}

/** Starts a hub on a free port of this machine. */
export async function startHub(storage: string, env: Environment): Promise<Hub> {
  const args = ['run', '--listen', '127.0.0.1:0', '--storage', storage, '--log-level', 'warn']
  const child = spawn(PROGRAM, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  return {
    url: await firstLine(child, ended),
    ended,
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

async function firstLine(child: ChildProcess, ended: Promise<unknown>): Promise<string> {
  const line = once(createInterface({ input: child.stdout! }), 'line')
  const early = ended.then(() => Promise.reject(new Error('The hub did not start')))
  const [url] = (await Promise.race([line, early])) as [string]
  early.catch(() => {}) // that it ends later is expected
  return url
}
