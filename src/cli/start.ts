// The real world around the command line: the streams, signals and clock of this process.
import type { Client, ConnectOptions } from '../client/client.ts'
import { systemCode } from '../core/errors.ts'
import { OutputClosed } from './errors/output-closed.ts'
import { report, runCli } from './run-cli.ts'
import type { Sink, World } from './world.ts'

export async function start(): Promise<void> {
  const world = createWorld()
  process.on('uncaughtException', (error) => void crash(error, world))
  // Something is waited for that nothing will bring about: without this the program would end there, and with success.
  process.once('beforeExit', () => void crash(new Error('The program waits for something that never comes'), world))
  const code = await runCli(process.argv.slice(2), world)
  // Everything is written by now. What might still be open, such as a kept connection, must not hold the shell up.
  process.exit(code)
}

/** What nobody waited for has failed: a defect, so it ends the program, with words that help to report it. */
async function crash(error: unknown, world: World): Promise<void> {
  const json = process.argv.includes('--json')
  process.exit(await report(error, world, { json, debug: true }))
}

function createWorld(): World {
  return {
    env: process.env,
    stdout: createSink(process.stdout),
    stderr: ignoringLoss(createSink(process.stderr)),
    clock: { now: Date.now, every },
    connect,
    onSignal(name, listener) {
      process.on(name, listener)
      return () => process.off(name, listener)
    },
    exit: (code) => process.exit(code),
  }
}

async function connect(options: ConnectOptions): Promise<Client> {
  const library = await import('../client/index.ts')
  return library.connect(options)
}

function every(ms: number, call: () => void): () => void {
  const timer = setInterval(call, ms).unref()
  return () => clearInterval(timer)
}

function createSink(stream: NodeJS.WriteStream): Sink {
  stream.on('error', () => {}) // each write reports its own failure; without this the event would end the process
  return {
    isTTY: stream.isTTY === true,
    get columns() {
      return stream.columns || 80
    },
    get rows() {
      return stream.rows || 24
    },
    write: (text) => (text === '' ? Promise.resolve() : writeAll(stream, text)),
  }
}

/** When nobody reads the progress, the work goes on. */
function ignoringLoss(sink: Sink): Sink {
  return Object.create(sink, { write: { value: (text: string) => sink.write(text).catch(() => {}) } }) as Sink
}

function writeAll(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => (error == null ? resolve() : reject(isGone(error) ? new OutputClosed() : error)))
  })
}

function isGone(error: Error): boolean {
  return ['EPIPE', 'ERR_STREAM_DESTROYED', 'EOF'].includes(systemCode(error) ?? '')
}
