import type { TestContext } from 'node:test'

/**
 * Lets the clock of this process run ten seconds ahead until the test ends. A push trusts no file that was written a
 * quarter of a second before it; so tests of what is not read again need not wait that long.
 */
export function skipAhead(t: TestContext): void {
  const now = Date.now
  t.mock.method(Date, 'now', () => now() + 10_000)
}
