// What a browser may do with a file of a dataset. Whoever may push could otherwise write pages that act for whoever looks at
// them, in the name of the hub.
import type { Headers } from './answer.ts'

/** A page of its own, that no other page sees into: no scripts, no forms, no windows, and nothing from elsewhere. */
const SANDBOX =
  "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; media-src 'self' data:; font-src data:; frame-ancestors 'none'"

/** @param type content type */
export function policyFor(type: string): Headers {
  // Browsers show no PDF in a sandbox. They do so with a viewer that is no part of the page.
  const sandbox: Headers = type === 'application/pdf' ? {} : { 'content-security-policy': SANDBOX }
  return { ...sandbox, 'cross-origin-resource-policy': 'same-origin', 'referrer-policy': 'same-origin' }
}
