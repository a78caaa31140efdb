// Holds a service to the list of checks.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { type Check, checks } from './conformance-checks.ts'
import { createCalls, type Service } from './s3-calls.ts'

/** Whose answers are expected: those of "any" may be those of either. */
export type Kind = 'aws' | 'ceph' | 'any'

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
        const calls = createCalls(service, `${randomBytes(6).toString('hex')}/`)
        const found = await check.look(calls, service)
        const accepted = acceptedOf(check, but.includes(check.name) ? 'aws' : kind)
        if (kind === 'any') context.diagnostic(JSON.stringify(found))
        assert.deepEqual(found, accepted.find((expected) => isDeepStrictEqual(found, expected)) ?? accepted[0])
      })
    }
  })
}

function acceptedOf({ aws, ceph = aws }: Check, kind: Kind): unknown[] {
  return { aws: [aws], ceph: [ceph], any: [aws, ceph] }[kind]
}
