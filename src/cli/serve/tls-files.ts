// Certificate and key of a hub, from two files that belong together.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { AetherError, systemCode } from '../../core/errors.ts'
import { usageError } from '../errors/usage-error.ts'
import type { Settings } from '../settings/settings.ts'

export interface TlsFiles {
  cert: string
  key: string
}

export interface TlsMaterial {
  cert: Buffer
  key: Buffer
}

/** Undefined when the hub shall speak without TLS. @throws {AetherError} `invalid` when one of the two is missing. */
export function tlsFiles(settings: Settings): TlsFiles | undefined {
  const cert = settings['run.tlsCert']
  const key = settings['run.tlsKey']
  if (cert === undefined && key === undefined) return undefined
  if (cert !== undefined && key !== undefined) return { cert, key }
  throw usageError(
    `TLS needs both a certificate and its key; there is only ${cert === undefined ? '--tls-key' : '--tls-cert'}`,
  )
}

/** Reads both and checks that they fit, so that a half renewed pair is told now and not to every client. */
export async function readTlsFiles(files: TlsFiles): Promise<TlsMaterial> {
  const [cert, key] = await Promise.all([readPem(files.cert), readPem(files.key)])
  if (!fit(cert, key, files))
    throw new AetherError('invalid', `The key in "${files.key}" does not belong to the certificate in "${files.cert}"`)
  return { cert, key }
}

function fit(cert: Buffer, key: Buffer, files: TlsFiles): boolean {
  const certificate = parsePem(files.cert, 'certificate', () => new X509Certificate(cert))
  return certificate.checkPrivateKey(parsePem(files.key, 'private key', () => createPrivateKey(key)))
}

function parsePem<T>(file: string, what: string, parse: () => T): T {
  try {
    return parse()
  } catch (cause) {
    throw new AetherError('invalid', `There is no ${what} in "${file}"`, {
      cause,
      hint: 'The file has to be in PEM form, without a passphrase',
    })
  }
}

async function readPem(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (cause) {
    throw new AetherError(
      systemCode(cause) === 'ENOENT' ? 'not-found' : 'invalid',
      `Cannot read "${file}": ${(cause as Error).message}`,
      { cause },
    )
  }
}
