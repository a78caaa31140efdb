// Runs a fixture of the tests in a process of its own.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

export interface FixtureProcess {
  pid: number
  /** Lines of its output, as they come. */
  lines: AsyncIterator<string>
  /** Lets a fixture that waits for its input to end go on. */
  go(): void
  /** The whole of its output that nobody has read, once it has ended well. */
  rest(): Promise<string[]>
  /** SIGKILL, and answers when it is dead. */
  kill(): Promise<void>
}

/** `name`: a file beside this one. */
export function startFixture(name: string, args: string[]): FixtureProcess {
  const path = new URL(name, import.meta.url).pathname
  const child = spawn(process.execPath, [path, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'close')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    pid: child.pid ?? -1,
    lines,
    go: () => child.stdin.end(),
    rest: () => readRest(child, lines, ended),
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

async function readRest(child: ChildProcess, lines: AsyncIterator<string>, ended: Promise<unknown>): Promise<string[]> {
  const rest: string[] = []
  for (let line = await lines.next(); !line.done; line = await lines.next()) rest.push(line.value)
  await ended
  if (child.exitCode !== 0) throw new Error(`The fixture ended with ${child.exitCode ?? child.signalCode}`)
  return rest
}
