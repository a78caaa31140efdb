import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { AetherError } from '../../core/errors.ts'
import { partsOfLines } from './json-lines.ts'

async function* cut(bytes: Uint8Array, sizes: number[]): AsyncGenerator<Uint8Array> {
  let at = 0
  for (const size of sizes) {
    yield bytes.subarray(at, at + size)
    at += size
  }
  yield bytes.subarray(at)
}

async function read(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(partsOfLines(body)))
}

const sizes = fc.array(fc.nat(30), { maxLength: 10 })

describe('partsOfLines', () => {
  it('gives the same bytes however the lines are cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 30 })), sizes, fc.boolean(), async (parts, cuts, ends) => {
        const lines = parts.map((part) => JSON.stringify({ part: Buffer.from(part).toString('base64') }))
        const text = Buffer.from(lines.join('\n') + (ends ? '\n' : ''))
        assert.deepEqual(await read(cut(text, cuts)), Buffer.concat(parts))
      }),
    )
  })

  it('refuses what is no request, and nothing else happens', async () => {
    const any = fc.oneof(fc.uint8Array(), fc.json().map(Buffer.from), fc.string().map(Buffer.from))
    await fc.assert(
      fc.asyncProperty(any, sizes, async (bytes, cuts) => {
        const failure = await read(cut(bytes, cuts)).then(
          () => undefined,
          (error: unknown) => error,
        )
        assert.ok(failure === undefined || (failure instanceof AetherError && failure.code === 'invalid'), `${failure}`)
      }),
    )
  })

  it('takes no line that is too long', async () => {
    async function* endless() {
      for (;;) yield Buffer.alloc(1024 * 1024, 'x')
    }
    await assert.rejects(read(endless()), { code: 'too-large' })
  })
})
