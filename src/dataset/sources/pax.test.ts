import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { mergePax, parsePax, paxMicros, paxSize } from './pax.ts'
import { paxRecord } from './tar.fixture.ts'

const bytes = (text: string) => Buffer.from(text)

describe('parsePax', () => {
  it('reads records whose values hold anything', () => {
    const value = bytes('a=b\nc\0 ö')
    const records = parsePax(
      Buffer.concat([paxRecord('path', value), paxRecord('n'.repeat(90), bytes('')), paxRecord('k', bytes('v'))]),
    )
    assert.deepEqual(
      records,
      new Map([
        ['path', value],
        ['n'.repeat(90), bytes('')],
        ['k', bytes('v')],
      ]),
    )
  })
  it('knows that there can be none', () => assert.deepEqual(parsePax(bytes('')), new Map()))
  it('refuses what is malformed', () => {
    const wrong = [
      '8 path=x\n',
      '11 path=x\n',
      '10 path=xy',
      'x path=x\n',
      ' path=x\n',
      '-1 a=b\n',
      '7 pathx\n',
      '10',
      '9999999999999999999 a=b\n',
    ]
    for (const text of wrong) assert.equal(parsePax(bytes(text)), undefined, text)
  })
})

describe('mergePax', () => {
  it('lets the later win, and an empty value take away', () => {
    const merged = mergePax(
      new Map([
        ['a', bytes('1')],
        ['b', bytes('2')],
      ]),
      new Map([
        ['a', bytes('3')],
        ['b', bytes('')],
      ]),
    )
    assert.deepEqual(merged, new Map([['a', bytes('3')]]))
  })
})

describe('paxSize', () => {
  it('takes whole numbers only', () => {
    assert.equal(paxSize(bytes('8589934592')), 2 ** 33)
    for (const text of ['', '-1', '1.5', '1e3', ' 1', '9'.repeat(17), '9999999999999999'])
      assert.equal(paxSize(bytes(text)), undefined, text)
  })
})

describe('paxMicros', () => {
  it('rounds down to the microsecond, without the error of floating point', () => {
    const times: [string, number][] = [
      ['0', 0],
      ['1600000000.123456789', 1_600_000_000_123_456],
      ['1600000000.1', 1_600_000_000_100_000],
      ['5.', 5_000_000],
      ['-1.5', -1_500_000],
      ['-1.0000005', -1_000_001],
    ]
    for (const [text, micros] of times) assert.equal(paxMicros(bytes(text)), micros, text)
  })
  it('refuses what is no number', () => {
    for (const text of ['', 'x', '1e3', '.5', '1.2.3', '+1']) assert.equal(paxMicros(bytes(text)), undefined, text)
  })
})
