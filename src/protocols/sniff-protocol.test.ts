import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { protocolOf } from './sniff-protocol.ts'

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

describe('protocolOf', () => {
  it('waits while the bytes could become either', () => {
    for (let length = 0; length < PREFACE.length; length++)
      assert.equal(protocolOf(Buffer.from(PREFACE.slice(0, length))), undefined)
  })

  it('knows HTTP/2 by the whole preface, whatever comes behind it', () => {
    assert.equal(protocolOf(Buffer.from(PREFACE)), 'h2')
    assert.equal(protocolOf(Buffer.from(`${PREFACE}\0\0\0`)), 'h2')
  })

  it('knows HTTP/1.1 by the first byte that differs', () => {
    for (const start of ['GET', 'PO', 'PU', 'PROP', 'PRI / HTTP/1.1', `${PREFACE.slice(0, -1)}x`])
      assert.equal(protocolOf(Buffer.from(start)), 'h1')
  })
})
