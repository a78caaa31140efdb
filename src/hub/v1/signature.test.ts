import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createSigning, isSignature } from './signature.ts'

function sign(...pieces: Uint8Array[]): string {
  const signing = createSigning()
  for (const piece of pieces) signing.take(piece)
  return signing.finish()
}

describe('createSigning', () => {
  it('gives what hmac and base64.b32encode of Python give', () => {
    const known = {
      '': 'wyjwpgqictm6y5zpsxlxrq27yx7rnf6esnyvmu6gy4jbiqusywwq====',
      abc: '7v5nwfjmaxxybxgpkcq7utaf2wr6y3njkv27ymjk47c5bemdmniq====',
      ['x'.repeat(100_000)]: 'kmjywzicoqz6fvn4wnk7iuyjkwrlryecylowh352qwkfqi72mnda====',
    }
    for (const [text, signature] of Object.entries(known)) assert.equal(sign(Buffer.from(text)), signature)
  })

  it('does not depend on how the bytes arrive', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
        assert.equal(sign(a, b), sign(Buffer.concat([a, b])))
        assert.ok(isSignature(sign(a, b)))
      }),
    )
  })
})

describe('isSignature', () => {
  it('takes nothing else', () => {
    const right = sign()
    const others = [
      '',
      right.toUpperCase(),
      right.slice(0, -1),
      `${right}=`,
      right.replace(/.====$/, 'b===='), // bits behind the last one
      right.replace('w', '1'),
      `${right}\n`,
      right.replace('w', '/'),
    ]
    for (const text of others) assert.equal(isSignature(text), false, JSON.stringify(text))
  })
})
