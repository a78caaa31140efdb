// Where a hub listens: "host:port", IPv6 in brackets.
import { isLoopback } from '../../client/hosts.ts'
import { usageError } from '../errors/usage-error.ts'

export interface ListenAddress {
  /** Without brackets. */
  host: string
  port: number
}

/** @throws {AetherError} `invalid` */
export function parseListenAddress(text: string): ListenAddress {
  const [, bracketed, plain, port = ''] = /^(?:\[([0-9A-Fa-f:.%]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain
  if (host === undefined) throw usageError(`Cannot listen on "${text}": it is not host:port`, hintFor(text))
  if (Number(port) > 65535) throw usageError(`Cannot listen on "${text}": port ${port} is over 65535`)
  return { host, port: Number(port) }
}

/** With no authentication everybody who can connect may do everything, so only this machine may, unless told otherwise. */
export function checkExposure({ host }: ListenAddress, allowAnonymous: boolean): void {
  if (allowAnonymous || isLoopback(host)) return
  throw usageError(
    `Cannot listen on "${host}": no authentication is configured, so everybody who reaches it could read and change everything`,
    'Listen on 127.0.0.1, or say --allow-anonymous when that is what you want',
  )
}

function hintFor(text: string): string {
  if (/^\d+$/.test(text)) return `Write 127.0.0.1:${text} for this machine only, or 0.0.0.0:${text} for all addresses`
  if (/^:\d+$/.test(text)) return `Write 127.0.0.1${text} for this machine only, or 0.0.0.0${text} for all addresses`
  return text.split(':').length > 2
    ? 'An IPv6 address stands in brackets: [::1]:8080'
    : 'For example 127.0.0.1:8080, [::1]:8080, or port 0 for any that is free'
}
