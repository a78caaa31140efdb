import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { AetherError } from './errors.ts'
import { formatReference, parseReference } from './reference.ts'

interface Vector {
  text: string
  host?: string
  dataset?: string
  tag?: string
  digest?: string
  error?: string
}
const vectors = JSON.parse(
  readFileSync(new URL('../../test/vectors/references.json', import.meta.url), 'utf8'),
) as Vector[]

describe('parseReference', () => {
  it('has vectors', () => assert.ok(vectors.length > 30))
  for (const { text, error, ...parts } of vectors) {
    it(`${error ? 'explains' : 'reads'} ${JSON.stringify(text.slice(0, 60))}`, () => {
      if (error) {
        assert.throws(
          () => parseReference(text),
          (e) => e instanceof AetherError && e.code === 'invalid' && e.message.includes(error),
        )
      } else {
        const { host, dataset, tag, digest } = parseReference(text)
        assert.deepEqual(JSON.parse(JSON.stringify({ host, dataset, tag, digest })), parts)
        assert.equal(formatReference(parseReference(text)), text)
      }
    })
  }

  it('refuses a reference that is far too long', () =>
    assert.throws(() => parseReference('a'.repeat(2000)), /over 1024 characters/))

  it('gives a reference that reads back, or an explained error, for any text', () => {
    const part = fc.string({
      unit: fc.constantFrom('a', '1', '@', '/', ':', '.', '-', '[', ']', 'sha256:', '0'.repeat(64), 'é', '\0', ' '),
    })
    fc.assert(
      fc.property(part, (text) => {
        try {
          const reference = parseReference(text)
          assert.deepEqual(parseReference(formatReference(reference)), reference)
        } catch (error) {
          assert.ok(error instanceof AetherError && error.code === 'invalid', String(error))
        }
      }),
      { numRuns: 3000 },
    )
  })
})
