// Holds a service to the list of checks.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it, type TestContext } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { type Check, checks } from './conformance-checks.ts'
import { createCalls, type Service } from './s3-calls.ts'

/** Whose answers are expected. Those of an "unknown" service are shown where they differ, and nothing more. */
export type Kind = 'aws' | 'ceph' | 'unknown'

/** @param but names of checks in which a service of the kind "ceph" answers as AWS does all the same */
export function testConformance(
  name: string,
  kind: Kind,
  open: () => Service | Promise<Service>,
  but: readonly string[] = [],
): void {
  describe(name, () => {
    it('is excused only from checks that there are', () => {
      const known = checks.filter(({ ceph }) => ceph !== undefined).map((check) => check.name)
      assert.deepEqual(
        but.filter((excused) => !known.includes(excused)),
        [],
      )
    })
    for (const check of checks) {
      it(check.name, async (context) => {
        const service = await open()
        const calls = createCalls(service, `${service.prefix}${randomBytes(6).toString('hex')}/`)
        const found = await check.look(calls, service)
        if (kind === 'unknown') return tellDifference(context, check, found)
        const isCeph = kind === 'ceph' && !but.includes(check.name)
        assert.deepEqual(found, isCeph ? cephOf(check) : check.aws)
      })
    }
  })
}

function cephOf({ aws, ceph = aws }: Check): unknown {
  return ceph
}

function tellDifference(context: TestContext, check: Check, found: unknown): void {
  if (isDeepStrictEqual(found, check.aws)) return
  context.diagnostic(
    `differs from AWS${isDeepStrictEqual(found, check.ceph) ? ' as Ceph does' : ''}: ${JSON.stringify(found)}`,
  )
}
