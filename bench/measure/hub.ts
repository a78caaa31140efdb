// A hub as a process of its own, over a store in a folder, and what it uses for one piece of work.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuOf, peakOf, resetPeak } from './process-usage.ts'
import { parseStoreRequests, requestsBetween, type StoreRequests } from './store-requests.ts'

export interface HubUsage {
  /** Seconds of processor time. */
  cpu: number
  /** Most memory at once, in bytes. */
  peak: number
  /** Undefined when the hub does not count them. */
  requests: StoreRequests | undefined
}

export interface Hub extends AsyncDisposable {
  /** Host and port. */
  host: string
  port: number
  /** Does some work, and says what the hub used meanwhile. */
  during<T>(work: () => Promise<T>): Promise<{ result: T; hub: HubUsage }>
  /** What it prints behind its first address. */
  nextLine(): Promise<string>
  /** Waits until the hub does nothing more, such as encoding a delta after a publish. */
  idle(): Promise<void>
}

export interface HubOptions {
  /** Path of aetherfs. */
  program: string
  /** Folder of the store. */
  store: string
  /** File that its log is appended to. */
  log: string
  env: NodeJS.ProcessEnv
  /** More options of `aetherfs run`. */
  args?: readonly string[]
}

/** A hub that took no more than these seconds of processor time in these milliseconds does nothing. */
const IDLE_CPU = 0.02
const IDLE_MS = 1000

export async function startHub({ program, store, log, env, args: more = [] }: HubOptions): Promise<Hub> {
  const args = ['run', '--listen', '127.0.0.1:0', '--storage', store, '--log-level', 'warn', ...more]
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', openSync(log, 'a')] })
  const lines = linesOf(child, log)
  const url = new URL(await lines())
  const pid = child.pid!
  const count = async () => parseStoreRequests(await (await fetch(new URL('/metrics', url))).text())

  return {
    host: url.host,
    port: Number(url.port),
    async during(work) {
      const requestsBefore = await count()
      resetPeak(pid)
      const cpuBefore = cpuOf(pid)
      const result = await work()
      const [cpu, peak] = [cpuOf(pid) - cpuBefore, peakOf(pid)]
      return { result, hub: { cpu, peak, requests: requestsBetween(requestsBefore, await count()) } }
    },
    nextLine: lines,
    async idle() {
      for (let before = -1, now = cpuOf(pid); now - before > IDLE_CPU; now = cpuOf(pid)) {
        before = now
        await sleep(IDLE_MS)
      }
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

/** @returns a function for one line after the other. */
function linesOf(child: ChildProcess, log: string): () => Promise<string> {
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
  return async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error(`The hub has ended; its log is ${log}`)
    return value
  }
}
