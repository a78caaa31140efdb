// How to speak to a host: which scheme and port, and whether it is this machine.
import { BlockList, isIP } from 'node:net'
import { AetherError } from '../core/errors.ts'
import { hostFault } from '../core/reference.ts'

export interface Endpoint {
  tls: boolean
  hostname: string
  port: number
}

/** Ports where a reference names none: the hub's own without TLS, that of HTTPS with. */
const PLAIN_PORT = 8080
const TLS_PORT = 443

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/** @param text hosts as references have them, separated by commas: hubs that serve one store. @throws {AetherError} `invalid` */
export function parseHosts(text: string): string[] {
  const hosts = text.split(',').map((host) => host.trim())
  const fault = hosts.map(hostFault).find((found) => found !== undefined)
  if (fault === undefined) return [...new Set(hosts)]
  throw new AetherError('invalid', `Cannot use "${text}" as hosts: ${fault}`, {
    hint: 'Write hosts such as hub-1.example.com,hub-2.example.com:8443',
  })
}

/** @param host "name", "name:port", "[::1]" or "[::1]:port" as a reference has it */
export function endpointOf(host: string, { plainHttp = false } = {}): Endpoint {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(host) ?? []
  const hostname = bracketed ?? plain ?? host
  const tls = !plainHttp && !isLoopback(hostname)
  return { tls, hostname, port: port === undefined ? (tls ? TLS_PORT : PLAIN_PORT) : Number(port) }
}

/** Whether bytes for this host never leave the machine. Only then may they travel without TLS unasked. */
export function isLoopback(hostname: string): boolean {
  const version = isIP(hostname)
  if (version !== 0) return LOOPBACK.check(hostname, version === 6 ? 'ipv6' : 'ipv4')
  return hostname === 'localhost' || hostname.endsWith('.localhost')
}
