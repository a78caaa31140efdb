// Which addresses may connect: single ones and networks, as in "10.1.0.0/16,192.168.7.3,fd00::/8".
import { BlockList, isIP, isIPv4 } from 'node:net'
import { AetherError } from '../../core/errors.ts'

/** @throws {AetherError} `invalid`, with the one that is neither */
export function parseAddresses(texts: readonly string[]): BlockList {
  const list = new BlockList()
  for (const text of texts) add(list, text)
  return list
}

function add(list: BlockList, text: string): void {
  const [, address = '', length] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const bits = isIPv4(address) ? 32 : 128
  const prefix = length === undefined ? bits : Number(length)
  if (isIP(address) === 0 || prefix > bits)
    throw new AetherError('invalid', `Cannot take "${text}" as an address or a network`, {
      hint: 'For example 192.168.7.3, 10.1.0.0/16 or fd00::/8',
    })
  list.addSubnet(address, prefix, familyOf(address))
}

/** IPv4 addresses may arrive as IPv6 ones. */
export function isAllowed(list: BlockList, address: string): boolean {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  return isIP(plain) !== 0 && list.check(plain, familyOf(plain))
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv4(address) ? 'ipv4' : 'ipv6'
}
