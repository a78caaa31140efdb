// What an operator writes to name a store in S3: s3://bucket/prefix?endpoint=…&region=… (docs/operating.md).
// Strict, because a parameter that is not understood is one that the operator believes to be in force.
import { AetherError } from '../../core/errors.ts'
import { isKey } from '../check-key.ts'
import { MAX_KEY_BYTES } from '../storage.ts'

export interface S3Options {
  bucket: string
  /** What all keys of the store begin with, without slashes at its ends; "" for the whole bucket. */
  prefix: string
  /** Of a service that is not AWS. */
  endpoint?: string
  region?: string
  /** The bucket is named in the path and not in the host. */
  pathStyle: boolean
  /** What the service is asked to encrypt objects with. */
  encryption?: { algorithm: 'AES256' | 'aws:kms'; kmsKeyId?: string }
  /** Of the AWS configuration files. */
  profile?: string
}

/** Longest key of S3, in bytes. */
const MAX_S3_KEY = 1024
const MAX_PREFIX = MAX_S3_KEY - MAX_KEY_BYTES - 1

/** For each parameter, what its value looks like. */
const PARAMETERS = {
  endpoint: /^https?:\/\/./i,
  region: /^[a-z0-9-]{1,63}$/,
  pathStyle: /^(?:true|false)$/,
  sse: /^(?:AES256|aws:kms)$/,
  kmsKeyId: /^[\w:/+=,.@-]{1,2048}$/,
  profile: /^[^\p{Cc}]{1,200}$/u,
} as const

type Parameter = keyof typeof PARAMETERS
const NAMES = Object.keys(PARAMETERS)

const EXAMPLES: Record<Parameter, string> = {
  endpoint: 'https://minio.example.com:9000',
  region: 'eu-central-1',
  pathStyle: 'true or false',
  sse: 'AES256 or aws:kms',
  kmsKeyId: 'an id, alias or ARN of a key',
  profile: 'a name from ~/.aws/config',
}

/** @throws {AetherError} `invalid`; never with a password in it. */
export function parseS3Url(url: string): S3Options {
  const refuse = (reason: string, hint?: string): never => {
    throw new AetherError('invalid', `Cannot open the store "${nameOfStore(url)}": ${reason}`, {
      hint: hint ?? 'Write s3://bucket/prefix?endpoint=https://…&region=…',
    })
  }
  const [, authority = '', path = '', query = '', fragment] =
    /^s3:\/\/([^/?#]*)([^?#]*)\??([^#]*)(#.*)?$/is.exec(url) ?? []
  if (authority.includes('@') || authority.includes(':')) {
    refuse(
      'it has credentials or a port in it',
      'Credentials come from the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY) or a profile, a port belongs into endpoint=',
    )
  }
  if (fragment !== undefined) refuse('it has a "#"', 'Write "%23" in a value')
  const fault = bucketFault(authority)
  if (fault !== undefined) refuse(`"${authority}" cannot be the name of a bucket: ${fault}`)
  const given = parametersOf(query, refuse)
  return {
    bucket: authority,
    prefix: prefixOf(path, refuse),
    endpoint: given.endpoint && endpointOf(given.endpoint, refuse),
    region: given.region,
    pathStyle: given.pathStyle === undefined ? given.endpoint !== undefined : given.pathStyle === 'true',
    encryption: encryptionOf(given, refuse),
    profile: given.profile,
  }
}

type Refuse = (reason: string, hint?: string) => never

/** The URL as messages have it: without parameters, and without what may be a password. */
function nameOfStore(url: string): string {
  const [, authority = '', path = ''] = /^s3:\/\/([^/?#]*)([^?#]*)/is.exec(url) ?? []
  return /[@:]/.test(authority) || url.includes('@') ? 's3://…' : `s3://${authority}${path}`
}

function bucketFault(name: string): string | undefined {
  if (name.length < 3 || name.length > 63) return 'such names have 3 to 63 characters'
  if (!/^[a-z0-9.-]+$/.test(name)) return 'such names have only lower-case letters, digits, "-" and "."'
  if (!/^[a-z0-9].*[a-z0-9]$/.test(name) || name.includes('..'))
    return 'each part of such names begins and ends with a letter or a digit'
  if (/^\d+\.\d+\.\d+\.\d+$/.test(name)) return 'it looks like an address'
  if (name.endsWith('--x-s3')) return 'directory buckets do not list in order' // S3 Express One Zone
  return undefined
}

function prefixOf(path: string, refuse: Refuse): string {
  const prefix = decoded(path.replace(/^\//, '').replace(/\/$/, ''))
  if (prefix === undefined) return refuse('its path cannot be decoded')
  if (prefix === '') return prefix
  if (!isKey(prefix))
    return refuse('its prefix has a part that is empty, begins with "." or has characters that no key has')
  if (Buffer.byteLength(prefix) > MAX_PREFIX) return refuse(`its prefix is over ${MAX_PREFIX} bytes long`)
  return prefix
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

function parametersOf(query: string, refuse: Refuse): Partial<Record<Parameter, string>> {
  const given: Partial<Record<Parameter, string>> = {}
  for (const [name, value] of new URLSearchParams(query)) {
    if (!isParameter(name)) return refuse(`it has ${nameUnknown(name, value)}`, `Parameters are ${NAMES.join(', ')}`)
    if (given[name] !== undefined) return refuse(`it says ${name} twice`)
    if (!PARAMETERS[name].test(value)) return refuse(`its ${name} is malformed`, `Write ${EXAMPLES[name]}`)
    given[name] = value
  }
  return given
}

/** Without repeating a key that somebody has pasted there. */
function nameUnknown(name: string, value: string): string {
  return /^[a-z_-]{1,20}$/i.test(name) && value !== '' ? `the unknown parameter "${name}"` : 'an unknown parameter'
}

function isParameter(name: string): name is Parameter {
  return Object.hasOwn(PARAMETERS, name)
}

function endpointOf(text: string, refuse: Refuse): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || url.search !== '' || url.hash !== '')
    return refuse('its endpoint is malformed', `Write ${EXAMPLES.endpoint}`)
  if (url.username !== '' || url.password !== '')
    return refuse('its endpoint has credentials in it', 'Credentials come from the environment or a profile')
  return url.href.replace(/\/$/, '')
}

function encryptionOf({ sse, kmsKeyId }: Partial<Record<Parameter, string>>, refuse: Refuse): S3Options['encryption'] {
  if (kmsKeyId !== undefined && sse !== 'aws:kms') return refuse('it says kmsKeyId without sse=aws:kms')
  return sse === undefined ? undefined : { algorithm: sse as 'AES256' | 'aws:kms', kmsKeyId }
}
