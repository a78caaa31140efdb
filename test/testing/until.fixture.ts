import { setTimeout as delay } from 'node:timers/promises'

/** Waits until something holds, and fails when it takes too long. */
export async function until(holds: () => boolean | Promise<boolean>, what: string, ms = 20_000): Promise<void> {
  const deadline = performance.now() + ms
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`Waited ${ms} ms for ${what}`)
    await delay(2)
  }
}
