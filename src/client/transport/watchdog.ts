// Notices that nothing moves any more.

export interface Watchdog {
  /** From now on, this many milliseconds without a sign of life are the end. */
  allow(ms: number): void
  /** A sign of life. */
  alive(): void
  /** Time does not count until `allow` is called: it is we who wait. */
  hold(): void
  /** The end of watching, whatever is called after it. */
  stop(): void
}

/** @param onSilence told for how long there was none */
export function createWatchdog(onSilence: (ms: number) => void): Watchdog {
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  function allow(ms: number): void {
    clearTimeout(timer)
    if (!stopped) timer = setTimeout(onSilence, ms, ms)
  }

  function hold(): void {
    clearTimeout(timer)
    timer = undefined
  }

  function stop(): void {
    stopped = true
    hold()
  }

  return { allow, alive: () => void timer?.refresh(), hold, stop }
}
