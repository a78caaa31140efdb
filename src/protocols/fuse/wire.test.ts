import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { AetherError } from '../../core/errors.ts'
import { readDirents, requestBytes, words } from './kernel.fixture.ts'
import {
  direntBytes,
  encodeAttributes,
  encodeEntry,
  encodeHeader,
  encodeInit,
  encodeInvalidEntry,
  encodeInvalidInode,
  encodeOpen,
  encodeSpace,
  writeDirent,
} from './replies.ts'
import {
  decodeAccess,
  decodeForget,
  decodeForgets,
  decodeGetAttribute,
  decodeHandle,
  decodeInit,
  decodeInterrupt,
  decodeListAttributes,
  decodeName,
  decodeRead,
  decodeRequest,
} from './requests.ts'

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array))
const word = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const wide = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
const { SEED } = process.env
const options = { numRuns: 2000, ...(SEED && { seed: Number(SEED) }) }

/** A value, or a refusal that blames the other side; never anything else. */
function survives(decode: () => unknown): void {
  try {
    decode()
  } catch (error) {
    assert.ok(error instanceof AetherError && error.code === 'invalid', String(error))
  }
}

describe('decodeRequest', () => {
  it('reads what the kernel writes', () => {
    fc.assert(
      fc.property(word, wide, wide, bytes, (opcode, node, unique, body) => {
        assert.deepEqual(decodeRequest(requestBytes(opcode, node, body, unique)), { opcode, node, unique, body })
      }),
      options,
    )
  })

  it('refuses lengths that lie, and numbers that nobody gave', () => {
    const good = requestBytes(1, 1, Buffer.from('a\0'))
    const lies: [number, number][] = [
      [0, 0],
      [0, 39],
      [0, 43],
      [0, 2 ** 32 - 1],
      [14, 2 ** 32 - 1], // unique
      [22, 2 ** 32 - 1], // node
      [36, 200], // extensions
    ]
    for (const [at, value] of lies) {
      const lying = Buffer.concat([good, Buffer.alloc(8)])
      lying.writeUInt32LE(good.length + 8, 0)
      lying.writeUInt32LE(value, at)
      assert.throws(() => decodeRequest(lying), { code: 'invalid' }, `${at}`)
    }
    for (let length = 0; length < good.length; length++)
      assert.throws(() => decodeRequest(good.subarray(0, length)), { code: 'invalid' })
  })

  it('leaves extensions out of the body', () => {
    const extended = requestBytes(1, 1, Buffer.from('a\0______12345678'))
    extended.writeUInt16LE(1, 36)
    assert.equal(decodeRequest(extended).body.toString(), 'a\0______')
  })
})

describe('decoders of bodies', () => {
  it('survive any bytes', () => {
    fc.assert(
      fc.property(bytes, (body) => {
        const decoders = [decodeInit, decodeName, decodeRead, decodeHandle, decodeInterrupt, decodeGetAttribute]
        for (const decode of [...decoders, decodeListAttributes, decodeAccess, decodeRequest])
          survives(() => decode(body))
        survives(() => decodeForget(1, body))
        survives(() => [...decodeForgets(body)])
      }),
      options,
    )
  })

  it('take no memory for a count that is not there', () => {
    assert.throws(() => [...decodeForgets(words(2 ** 32 - 1, 0, 1n, 1n))], { code: 'invalid' })
    assert.deepEqual([...decodeForgets(words(1, 0, 5n, 6n))], [{ node: 5, count: 6 }])
  })

  it('take only text for a name', () => {
    assert.equal(decodeName(Buffer.from('Zürich\0')), 'Zürich')
    assert.equal(decodeName(Buffer.from([0x66, 0xff, 0])), undefined)
    assert.throws(() => decodeName(Buffer.from('no end')), { code: 'invalid' })
    assert.throws(() => decodeName(Buffer.from('\0')), { code: 'invalid' })
  })
})

describe('encoders', () => {
  const attributes = { ino: 2n ** 64n - 1n, size: 2 ** 52, seconds: -5, nanoseconds: 9, mode: 1, uid: 2, gid: 3 }
  const entry = { node: 2 ** 40, attributes, nameSeconds: 5, attributeSeconds: 6 }

  it('have the lengths that the kernel knows', () => {
    assert.equal(encodeHeader(1, 0, 0).length, 16)
    assert.equal(encodeInit({ maxReadahead: 1, flags: 1, more: 0, maxBackground: 1 }).length, 64)
    assert.equal(encodeEntry(entry).length, 128)
    assert.equal(encodeAttributes(attributes, 1).length, 104)
    assert.equal(encodeOpen(1, 1).length, 16)
    assert.equal(encodeSpace({ bytes: 5000, files: 2 }).length, 80)
    assert.equal(Buffer.concat(encodeInvalidEntry(1, 'ü')).length, 16 + 16 + 3)
    assert.equal(Buffer.concat(encodeInvalidInode(1)).length, 16 + 24)
  })

  it('write errors as negative numbers, and notifications without a number of a request', () => {
    assert.deepEqual(encodeHeader(2 ** 40 + 2, 5, 10), words(26, 2 ** 32 - 5, BigInt(2 ** 40 + 2)))
    const [header, body, name] = encodeInvalidEntry(1, 'a.txt')
    assert.deepEqual(header, words(16 + 16 + 6, 3, 0n))
    assert.deepEqual([body, name], [words(1n, 5, 0), Buffer.from('a.txt\0')])
  })

  it('write times before 1970 and sizes over 4 GiB', () => {
    const encoded = encodeEntry(entry)
    assert.equal(encoded.readBigUInt64LE(0), 2n ** 40n)
    assert.equal(encoded.readBigUInt64LE(48), 2n ** 52n)
    assert.equal(encoded.readBigInt64LE(64), -5n)
  })

  it('write entries of folders that read back, aligned', () => {
    const names = fc.array(fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' }), { maxLength: 8 })
    fc.assert(
      fc.property(names, fc.boolean(), (list, plus) => {
        const texts = list.map((name) => Buffer.from(name))
        const page = Buffer.alloc(texts.reduce((sum, name) => sum + direntBytes(name.length, plus), 0))
        let end = 0
        for (const [i, name] of texts.entries())
          end = writeDirent(page, end, { name, ino: 1n, type: 8, next: i + 3, entry: plus ? entry : undefined })
        assert.equal(end, page.length)
        assert.equal(end % 8, 0)
        const read = readDirents(page, plus)
        assert.deepEqual(
          read.map(({ name, next }) => [name, next]),
          texts.map((name, i) => [name.toString(), i + 3]),
        )
      }),
      { ...options, numRuns: 300 },
    )
  })
})
