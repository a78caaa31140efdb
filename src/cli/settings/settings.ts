// The one table of what may be set: each line gives a flag, an environment variable, a key of the configuration file
// and a default. Precedence: flag, environment, file, default.
import { DEFAULT_HOST } from '../../core/reference.ts'
import { bytes, choice, count, FLAG, HOSTS, type Kind, LIST, PATH, STORE, TEXT } from './kinds.ts'

export interface Setting<T> {
  kind: Kind<NonNullable<T>>
  /** As commander reads it: "-q, --quiet", "--host <host>". */
  flags: string
  /** One sentence for help. */
  description: string
  value: T
  /** What help calls the default, where it is worked out later. */
  defaultText?: string
}

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Bytes a second. The least is that of the client, which is not loaded only for this. */
const SLOWEST_RATE = 32 * 1024
const FASTEST_RATE = 1024 ** 4

export const SETTINGS = {
  host: setting(
    HOSTS,
    '--host <host>',
    'hub for references that name none; several of one store with commas between them',
    DEFAULT_HOST,
  ),
  plainHttp: setting(FLAG, '--plain-http', 'speak HTTP without TLS to hosts other than this machine too', false),
  ca: optional(PATH, '--ca <file>', 'trust the certificates in this file (PEM) too'),
  cacheDir: optional(
    PATH,
    '--cache-dir <folder>',
    'folder for what may be lost at any time',
    '$XDG_CACHE_HOME/aetherfs',
  ),
  retryFor: setting(count(0, 86_400), '--retry-for <seconds>', 'how long to try again without any success', 30),
  bwlimit: optional(
    bytes(SLOWEST_RATE, FASTEST_RATE),
    '--bwlimit <rate>',
    'bytes a second at most, such as 10M or 800K',
    'none',
  ),
  json: setting(FLAG, '--json', 'write results as JSON on stdout, and errors as JSON on stderr', false),
  quiet: setting(FLAG, '-q, --quiet', 'write results and errors only', false),
  progress: setting(FLAG, '--no-progress', 'show no progress', true),
  deltas: setting(FLAG, '--no-deltas', 'move whole chunks, and no deltas between versions', true),
  debug: setting(FLAG, '--debug', 'show where in the program an error came from', false),
  'run.listen': setting(
    TEXT,
    '--listen <host:port>',
    'where to listen; port 0 takes any that is free',
    '127.0.0.1:8080',
  ),
  'run.storage': optional(
    STORE,
    '--storage <url>',
    'where the data is: file:///folder, a path, s3://bucket/prefix, or memory:',
    '$XDG_DATA_HOME/aetherfs/store',
  ),
  'run.singleWriter': setting(
    FLAG,
    '--single-writer',
    'do without conditional writes in the store: no other hub may ever write there',
    false,
  ),
  'run.tlsCert': optional(PATH, '--tls-cert <file>', 'certificate chain (PEM); read again on SIGHUP'),
  'run.tlsKey': optional(PATH, '--tls-key <file>', 'private key of the certificate (PEM)'),
  'run.allowAnonymous': setting(FLAG, '--allow-anonymous', 'let everybody who reaches this hub do everything', false),
  'run.allowedHosts': setting(
    LIST,
    '--allowed-host <host>',
    'a name under which clients may call this hub; repeat for more',
    [] as string[],
  ),
  'run.nfs': optional(
    { ...TEXT, bare: '127.0.0.1:2049' },
    '--nfs [host:port]',
    'let datasets be read over NFS, on 127.0.0.1:2049 or there',
  ),
  'run.nfsPath': optional(
    TEXT,
    '--nfs-path <secret>',
    'let nothing be mounted over NFS but the path /<secret>, which nobody can guess',
  ),
  'run.nfsAllow': setting(
    LIST,
    '--nfs-allow <cidr>',
    'an address or network that may use NFS; repeat for more, or part them by commas',
    [] as string[],
  ),
  'run.deltas': setting(FLAG, '--no-deltas', 'make no deltas before somebody asks for one', true),
  'run.readMemory': {
    ...setting(
      bytes(1024 ** 2, 1024 ** 4),
      '--read-memory <bytes>',
      'bytes of files to keep in memory for those who read them in place',
      64 * 1024 ** 2,
    ),
    defaultText: '64M',
  },
  'run.cacheFolder': optional(
    PATH,
    '--cache-folder <folder>',
    'keep them in this folder too, for a store that is far',
    'none',
  ),
  'run.cacheSize': {
    ...setting(bytes(1024 ** 2, 1024 ** 5), '--cache-size <bytes>', 'bytes of that folder at most', 10 * 1024 ** 3),
    defaultText: '10G',
  },
  'run.logLevel': setting(
    choice(LOG_LEVELS),
    '--log-level <level>',
    `how much to log: ${LOG_LEVELS.join(', ')}`,
    'info' as LogLevel,
  ),
  'run.drainTimeout': setting(
    count(0, 3600),
    '--drain-timeout <seconds>',
    'how long open requests may go on after SIGTERM',
    30,
  ),
  'push.concurrency': setting(count(1, 64), '--concurrency <count>', 'uploads under way at once', 2),
  'push.cacheSize': {
    ...setting(
      bytes(0, 1024 ** 5),
      '--cache-size <bytes>',
      'bytes of pushed files to keep by links or clones, so that the next push sends what changed in them; 0 keeps none',
      10 * 1024 ** 3,
    ),
    defaultText: '10G',
  },
  'pull.keep': setting(count(0, 1000), '--keep <count>', 'older versions to keep in the folder', 1),
  'pull.rangeGap': {
    ...setting(
      bytes(0, 16 * 1024 ** 2),
      '--range-gap <bytes>',
      'unwanted bytes to read along rather than to ask twice; 0 asks for exact ranges',
      256 * 1024,
    ),
    defaultText: '256K',
  },
  'mount.foreground': setting(FLAG, '--foreground', 'stay until a signal or an unmount ends it', false),
  'mount.allowOther': setting(FLAG, '--allow-other', 'let other users of this machine read what is mounted', false),
  'mount.offlineOk': setting(FLAG, '--offline-ok', 'mount what is in the cache when the hub is away', false),
  'mount.prefetch': setting(FLAG, '--prefetch', 'read all files into the cache, beside other reads', false),
  'mount.cacheSize': {
    ...setting(
      bytes(0, 1024 ** 5),
      '--cache-size <bytes>',
      'bytes of files to keep in the cache folder, for all mounts together; 0 keeps none',
      10 * 1024 ** 3,
    ),
    defaultText: '10G',
  },
  'mount.logFile': optional(
    PATH,
    '--log-file <file>',
    'where a mount in the background reports to',
    'in the cache folder',
  ),
} as const

export type SettingKey = keyof typeof SETTINGS
export type Settings = { readonly [K in SettingKey]: (typeof SETTINGS)[K] extends Setting<infer T> ? T : never }

export const SETTING_KEYS = Object.keys(SETTINGS) as SettingKey[]

/** Those that every verb has. Deltas are a matter of push and pull, which share that setting. */
export const GLOBAL_KEYS = SETTING_KEYS.filter((key) => !key.includes('.') && key !== 'deltas')

/** "run.tlsCert" -> "AETHERFS_RUN_TLS_CERT". */
export function environmentName(key: SettingKey): string {
  return `AETHERFS_${key.replace(/[A-Z]/g, '_$&').replace('.', '_').toUpperCase()}`
}

function setting<T>(kind: Kind<NonNullable<T>>, flags: string, description: string, value: T): Setting<T> {
  return { kind, flags, description, value }
}

function optional<T>(
  kind: Kind<NonNullable<T>>,
  flags: string,
  description: string,
  defaultText?: string,
): Setting<T | undefined> {
  return { kind, flags, description, value: undefined, defaultText }
}
