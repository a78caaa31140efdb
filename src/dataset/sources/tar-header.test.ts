import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sealed, tarPart } from './tar.fixture.ts'
import { isTarHeader, parseTarHeader } from './tar-header.ts'

describe('parseTarHeader', () => {
  it('reads numbers in every form that programs write', () => {
    const sizes: [field: string, size: number | undefined][] = [
      ['00000000012\0', 10],
      ['         12 ', 10],
      ['12 \0\0\0\0\0\0\0\0\0', 10],
      ['000000000012', 10],
      ['77777777777\0', 8 ** 11 - 1],
      ['\0\0\0\0\0\0\0\0\0\0\0\0', 0],
      ['            ', 0],
      ['\x80\0\0\0\0\0\0\x02\0\0\0\0', 2 ** 33],
      ['\x80\x7f\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff', undefined],
      ['\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff', undefined],
      ['00000000009\0', undefined],
      ['1 2        \0', 1],
      ['0x10       \0', undefined],
    ]
    for (const [field, size] of sizes) {
      const block = tarPart({})
      Buffer.from(field, 'latin1').copy(block, 124)
      assert.equal(parseTarHeader(sealed(block))?.size, size, field)
    }
  })

  it('reads times before 1970', () => {
    const block = tarPart({})
    block.fill(0xff, 136, 148)
    assert.equal(parseTarHeader(sealed(block))?.mtime, -1)
  })

  it('joins the prefix of POSIX headers, and of them alone', () => {
    for (const [magic, name] of [
      ['ustar\x0000', 'pre/x'],
      ['ustar  \0', 'x'],
    ] as const) {
      const block = tarPart({ magic })
      block.write('pre', 345)
      assert.equal(parseTarHeader(sealed(block))?.name.toString(), name)
    }
  })

  it('takes names that fill their field', () => {
    assert.equal(parseTarHeader(tarPart({ name: 'n'.repeat(100) }))?.name.length, 100)
  })
})

describe('isTarHeader', () => {
  it('goes by the checksum, signed or not', () => {
    const block = tarPart({ name: 'ö' })
    assert.ok(isTarHeader(block))
    // Each byte above 127 counts 256 less when bytes are signed.
    block.write((Number.parseInt(block.toString('latin1', 148, 154), 8) - 2 * 256).toString(8).padStart(6, '0'), 148)
    assert.ok(isTarHeader(block))
    block[0]! ^= 1
    assert.ok(!isTarHeader(block))
  })
  it('is false for blocks that are empty or short', () => {
    assert.ok(!isTarHeader(Buffer.alloc(512)))
    assert.ok(!isTarHeader(tarPart({}).subarray(0, 511)))
  })
})
