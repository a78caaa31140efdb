import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { endpointOf, isLoopback, parseHosts } from './hosts.ts'

describe('parseHosts', () => {
  it('takes one host or several, each once', () => {
    assert.deepEqual(parseHosts('hub'), ['hub'])
    assert.deepEqual(parseHosts('a:1, [::1]:2,a:1'), ['a:1', '[::1]:2'])
  })

  it('refuses what is no list of hosts', () => {
    for (const text of [
      '',
      'a,',
      'a,,b',
      'a b',
      'http://a',
      '@a/b',
      'a;b',
      '[::1',
      '::1',
      'a:1:2',
      'a:0',
      'a:99999',
      'a:b',
    ])
      assert.throws(() => parseHosts(text), { code: 'invalid', hint: /hub-1/ }, text)
  })
})

describe('endpointOf', () => {
  const cases: [string, boolean, string][] = [
    ['localhost:8080', false, 'http localhost 8080'],
    ['localhost', false, 'http localhost 8080'],
    ['127.9.9.9:1', false, 'http 127.9.9.9 1'],
    ['[::1]:80', false, 'http ::1 80'],
    ['data.localhost', false, 'http data.localhost 8080'],
    ['data.example.com', false, 'https data.example.com 443'],
    ['data.example.com:8443', false, 'https data.example.com 8443'],
    ['10.0.0.1:8080', false, 'https 10.0.0.1 8080'],
    ['[fe80::1]:8080', false, 'https fe80::1 8080'],
    ['data.example.com', true, 'http data.example.com 8080'],
    ['localhost.example.com', false, 'https localhost.example.com 443'],
    ['127.0.0.1.example.com', false, 'https 127.0.0.1.example.com 443'],
  ]
  for (const [host, plainHttp, expected] of cases) {
    it(`${host}${plainHttp ? ' with plain HTTP' : ''} is ${expected}`, () => {
      const { tls, hostname, port } = endpointOf(host, { plainHttp })
      assert.equal(`${tls ? 'https' : 'http'} ${hostname} ${port}`, expected)
    })
  }
})

describe('isLoopback', () => {
  it('knows this machine by its addresses too', () => {
    assert.deepEqual(['127.0.0.1', '::1', '::ffff:127.0.0.1', '128.0.0.1', '::2'].map(isLoopback), [
      true,
      true,
      true,
      false,
      false,
    ])
  })
})
