// Programs that others wrote, for the tests of one door: from packages of Debian, or the test is skipped.
import type { TestContext } from 'node:test'
import { type Unpacked, type UnpackOptions, unpackPackages } from '../testing/debian-packages.ts'
import { Skip } from '../testing/skip.ts'

/**
 * Unpacks the packages below node_modules/.cache, once. Where that cannot be done the test is skipped, with the reason, and
 * there is nothing: `const tools = await outside(t, 'webdav', ['litmus']); if (!tools) return`
 */
export async function outside(
  t: Pick<TestContext, 'skip' | 'signal'>,
  name: string,
  packages: readonly string[],
  options: UnpackOptions = {},
): Promise<Unpacked | undefined> {
  try {
    return await unpackPackages(`doors-${name}`, packages, { signal: t.signal, ...options })
  } catch (error) {
    if (!(error instanceof Skip)) throw error
    t.skip(`SKIPPED, for want of ${packages.join(', ')}: ${error.message}`)
    return undefined
  }
}
