// Signatures of blocks as v1 clients make them: base32 (RFC 4648, lower case, padded) of HMAC-SHA-256 with an empty key.
import { createHmac } from 'node:crypto'

declare const brand: unique symbol
export type Signature = string & { readonly [brand]: 'Signature' }

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'
/** 256 bits are 51 digits of five bits, and one more that holds the last bit. */
const SIGNATURE = /^[a-z2-7]{51}[aq]====$/

export function isSignature(text: string): text is Signature {
  return SIGNATURE.test(text)
}

/** Signs bytes that come one after the other. */
export function createSigning(): { take(bytes: Uint8Array): void; finish(): Signature } {
  const mac = createHmac('sha256', '')
  return {
    take: (bytes) => void mac.update(bytes),
    finish: () => `${base32(mac.digest())}====` as Signature,
  }
}

/** Without padding. */
function base32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let held = 0 // bits that are not written yet
  for (const byte of bytes) {
    held = (held << 8) | byte
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(held >>> (bits - 5)) & 31]
    held &= 31
  }
  return bits > 0 ? text + ALPHABET[(held << (5 - bits)) & 31] : text
}
