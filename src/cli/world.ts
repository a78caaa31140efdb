// What the command line touches outside of itself. start.ts gives the real thing; tests give their own.
import type { Client, ConnectOptions } from '../client/client.ts'

export interface World {
  env: Readonly<Record<string, string | undefined>>
  stdout: Sink
  stderr: Sink
  clock: Clock
  connect(options: ConnectOptions): Promise<Client>
  /** Calls `listener` each time the signal comes. @returns a function that ends this. */
  onSignal(name: SignalName, listener: () => void): () => void
  /** Ends the process at once. */
  exit(code: number): void
}

export type SignalName = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

export interface Sink {
  readonly isTTY: boolean
  /** Width and height of the terminal; it may change. */
  readonly columns: number
  readonly rows: number
  /** Resolves when more may be written. @throws {OutputClosed} */
  write(text: string): Promise<void>
}

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Calls `call` every `ms` milliseconds, without keeping the process alive. @returns a function that ends this. */
  every(ms: number, call: () => void): () => void
}
