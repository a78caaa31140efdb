// Why a hub cannot listen where it should, in words that help.
import { AetherError, systemCode } from '../../core/errors.ts'
import type { ListenAddress } from './listen-address.ts'

export function explainListenError(cause: unknown, { host, port }: ListenAddress, flag = '--listen'): unknown {
  const where = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  switch (systemCode(cause)) {
    case 'EADDRINUSE':
      return new AetherError('unavailable', `Cannot listen on ${where}: another program listens there`, {
        cause,
        hint: `Is a hub running already? Choose another port with ${flag}, for example ${flag} ${host.includes(':') ? `[${host}]` : host}:0 for any that is free`,
      })
    case 'EACCES':
      return new AetherError('denied', `Cannot listen on ${where}: this user may not`, {
        cause,
        hint: 'Ports below 1024 are often kept for root; take one from 1024 on',
      })
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new AetherError('invalid', `Cannot listen on ${where}: this machine has no such address`, { cause })
    default:
      return cause
  }
}
