import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isAllowed, parseAddresses } from './client-addresses.ts'
import { checkSecretPath } from './export.ts'

describe('addresses of clients', () => {
  it('are single ones and networks of both families', () => {
    const list = parseAddresses(['10.1.0.0/16', '192.168.7.3', 'fd00::/8', '::1'])
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '192.168.7.3', 'fd12::1', 'fd12::1%eth0', '::1'])
      assert.ok(isAllowed(list, address), address)
    for (const address of ['10.2.0.1', '::ffff:10.2.0.1', '192.168.7.4', 'fe80::1', '127.0.0.1', '', 'x'])
      assert.ok(!isAllowed(list, address), address)
  })

  it('are refused when they are neither', () => {
    for (const text of ['', 'host', '10.0.0.0/33', '10.0.0/8', '::1/129', '10.0.0.0/', '1.2.3.4/8/8', '10.0.0.1/-1'])
      assert.throws(() => parseAddresses([text]), { code: 'invalid', hint: /For example/ }, text)
  })
})

describe('a secret path', () => {
  it('is one long name', () => {
    checkSecretPath('0123456789abcdef')
    for (const text of [
      '',
      'short',
      'a/0123456789abcdef',
      '..............................',
      'x'.repeat(200),
      'ä'.repeat(20),
    ])
      assert.throws(
        () => checkSecretPath(text),
        (error: Error) => text.length < 10 || !error.message.includes(text),
      )
  })
})
