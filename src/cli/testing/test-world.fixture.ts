// A world for tests: text instead of streams, a clock that moves when told, signals that come when told.
import type { Client, ConnectOptions } from '../../client/client.ts'
import { OutputClosed } from '../errors/output-closed.ts'
import { runCli } from '../run-cli.ts'
import type { SignalName, Sink, World } from '../world.ts'

export interface TestSink extends Sink {
  text(): string
  /** From now on nobody reads. */
  close(): void
}

export interface TestClock {
  now(): number
  every(ms: number, call: () => void): () => void
  /** Moves on, and calls what is due on the way. */
  advance(ms: number): void
  /** Calls that are still wanted. */
  timers(): number
}

export interface TestWorld extends World {
  stdout: TestSink
  stderr: TestSink
  clock: TestClock
  /** What the program was connected with. */
  connected: ConnectOptions[]
  /** What `exit` was called with. */
  exits: number[]
  signal(name: SignalName): void
  run(...argv: string[]): Promise<number>
}

export interface TestWorldOptions {
  /** Calls that the test is about. */
  client?: Partial<Client>
  /** Or a whole client. */
  connect?: World['connect']
  clock?: TestClock
  env?: Record<string, string | undefined>
  terminal?: boolean
  columns?: number
  rows?: number
}

/** 2026-11-22T10:00:00Z. */
export const NOON_ISH = Date.UTC(2026, 10, 22, 10)

export function createTestWorld({
  client = {},
  connect,
  clock = createTestClock(NOON_ISH),
  env = {},
  terminal = false,
  columns,
  rows,
}: TestWorldOptions = {}): TestWorld {
  const connected: ConnectOptions[] = []
  const exits: number[] = []
  const listeners = new Map<SignalName, Set<() => void>>()
  const world: TestWorld = {
    // A home that is not there: no test reads the configuration of whoever runs it.
    env: { HOME: '/nowhere', ...env },
    stdout: createTestSink(terminal, columns, rows),
    stderr: createTestSink(terminal, columns, rows),
    clock,
    connected,
    exits,
    async connect(options) {
      connected.push(options)
      return connect === undefined ? ({ close() {}, ...client } as Client) : connect(options)
    },
    onSignal(name, listener) {
      listeners.set(name, new Set([...(listeners.get(name) ?? []), listener]))
      return () => listeners.get(name)?.delete(listener)
    },
    exit: (code) => exits.push(code),
    signal: (name) => listeners.get(name)?.forEach((listener) => void listener()),
    run: (...argv) => runCli(argv, world),
  }
  return world
}

export function createTestSink(isTTY = false, columns = 80, rows = 24): TestSink {
  let text = ''
  let closed = false
  return {
    isTTY,
    columns,
    rows,
    async write(more) {
      if (closed) throw new OutputClosed()
      text += more
    },
    text: () => text,
    close() {
      closed = true
    },
  }
}

export function createTestClock(start = 0): TestClock {
  let now = start
  const timers = new Set<{ ms: number; due: number; call: () => void }>()
  return {
    now: () => now,
    every(ms, call) {
      const timer = { ms, due: now + ms, call }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    advance(ms) {
      const end = now + ms
      for (;;) {
        const next = [...timers].sort((a, b) => a.due - b.due)[0]
        if (next === undefined || next.due > end) break
        now = next.due
        next.due += next.ms
        next.call()
      }
      now = end
    },
    timers: () => timers.size,
  }
}
