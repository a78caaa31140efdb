// Why a hub could not be reached, and what a user can do about it.
import { systemCode } from '../../core/errors.ts'
import { endpointOf, isLoopback } from '../hosts.ts'

export interface Explanation {
  reason: string
  hint: string
}

const SPELLING = { hint: 'Check the spelling of the host, and that this machine can look names up' }
const NO_TLS = { reason: 'it does not speak TLS there', hint: 'The hub may speak plain HTTP: --plain-http allows that' }
const OTHER_NAME = {
  reason: 'its certificate is for another name',
  hint: 'Use the name that the certificate has, or give the hub one for this name',
}
const UNTRUSTED = {
  reason: 'its certificate is not trusted here',
  hint: '--ca FILE names a certificate that is to be trusted as well',
}

/** By the code of Node's error, the more exact ones first. */
const KNOWN: [code: RegExp, known: Partial<Explanation>][] = [
  [/^ECONNREFUSED$/, { hint: 'Is the hub running? "aetherfs run" starts one on this machine' }],
  [/^(ENOTFOUND|EAI_AGAIN)$/, SPELLING],
  [/^(EPROTO|ERR_SSL.*)$/, NO_TLS],
  [/ALTNAME/, OTHER_NAME],
  [/^CERT_HAS_EXPIRED$/, { reason: 'its certificate has expired', hint: 'Give the hub a new certificate' }],
  [/CERT|SELF_SIGNED|ISSUER/, UNTRUSTED],
]

function closedBy(host: string): Partial<Explanation> {
  const reason = 'it closed the connection without an answer'
  if (!isLoopback(endpointOf(host).hostname)) return { reason }
  return { reason, hint: `The hub may speak TLS: a loopback host such as ${host} is spoken to without` }
}

/** @param cause what Node's HTTP client threw */
export function explainFailure(host: string, cause: unknown): Explanation {
  const code = systemCode(cause) ?? ''
  const message = (cause instanceof Error && (cause.message || code)) || String(cause)
  const known = message === 'socket hang up' ? closedBy(host) : KNOWN.find(([pattern]) => pattern.test(code))?.[1]
  const reason = message === 'aborted' ? 'the answer broke off' : message
  return { reason, hint: 'Run the same command again: it goes on where it was', ...known }
}
