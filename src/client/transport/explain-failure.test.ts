import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { explainFailure } from './explain-failure.ts'

const failure = (code: string, message = 'as the system says') => Object.assign(new Error(message), { code })

describe('explainFailure', () => {
  const cases: [unknown, RegExp, RegExp][] = [
    [failure('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:8080'), /ECONNREFUSED/, /aetherfs run/],
    [failure('ENOTFOUND'), /as the system says/, /spelling/],
    [failure('EPROTO', 'write EPROTO 40831F:ssl/record'), /^it does not speak TLS there$/, /--plain-http/],
    [failure('ERR_TLS_CERT_ALTNAME_INVALID'), /for another name/, /name that the certificate has/],
    [failure('CERT_HAS_EXPIRED'), /has expired/, /new certificate/],
    [failure('DEPTH_ZERO_SELF_SIGNED_CERT'), /not trusted here/, /--ca FILE/],
    [failure('UNABLE_TO_GET_ISSUER_CERT_LOCALLY'), /not trusted here/, /--ca FILE/],
    [failure('ECONNRESET', 'socket hang up'), /closed the connection/, /may speak TLS/],
    [failure('ECONNRESET', 'read ECONNRESET'), /read ECONNRESET/, /same command again/],
    [failure('ECONNRESET', 'aborted'), /^the answer broke off$/, /same command again/],
    ['odd', /odd/, /same command again/],
  ]
  for (const [cause, reason, hint] of cases) {
    it(`explains ${cause instanceof Error ? `${(cause as { code?: string }).code} ${cause.message}` : cause}`, () => {
      const explained = explainFailure('localhost:8080', cause)
      assert.match(explained.reason, reason)
      assert.match(explained.hint, hint)
    })
  }

  it('does not suspect a host of the network to be spoken to without TLS', () => {
    const { hint } = explainFailure('hub.example.com', failure('ECONNRESET', 'socket hang up'))
    assert.match(hint, /same command again/)
  })
})
