import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as z from 'zod'
import { sha256Hex } from '../core/id.ts'
import { encodeJson, parseJson } from './stored-json.ts'

const Thing = z.strictObject({ digest: z.string().nullable(), who: z.string() })
const thing = { digest: sha256Hex('a'), who: 'Zoë, "sum"' }
const bytes = Buffer.from(encodeJson(thing))
const parse = (text: Uint8Array | string) => parseJson(Thing, Buffer.from(text), 'thing')
const damaged = { code: 'integrity', message: 'The stored thing is damaged' }

describe('encodeJson', () => {
  it('writes an object that any reader of JSON takes, with the SHA-256 of what stands before it', () => {
    const [before] = bytes.toString().split(',"sum":')
    assert.deepEqual(JSON.parse(bytes.toString()), { ...thing, sum: sha256Hex(before!) })
    assert.equal(bytes.at(-1), 10)
  })
})

describe('parseJson', () => {
  it('reads back what was written', () => assert.deepEqual(parse(bytes), thing))

  it('takes an object without a checksum', () => assert.deepEqual(parse(JSON.stringify(thing)), thing))

  it('refuses every flipped bit and every missing end', () => {
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const wrong = Buffer.from(bytes)
      wrong[bit >> 3]! ^= 1 << (bit & 7)
      if (wrong.toString().trim() === bytes.toString().trim()) continue // another space at the end
      assert.throws(() => parse(wrong), damaged, `bit ${bit}`)
    }
    for (let length = 0; length < bytes.length - 1; length++)
      assert.throws(() => parse(bytes.subarray(0, length)), damaged)
  })

  it('refuses what the schema does', () => assert.throws(() => parse('{"digest":1,"who":""}'), damaged))
})
