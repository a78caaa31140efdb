// Headers of a tar archive as POSIX has them: ustar, and pax records for what does not fit. Manual: pax(1).

/** Headers and bodies are padded to blocks of this many bytes. */
export const TAR_BLOCK = 512
const NAME_BYTES = 100
/** Largest size that has room in its field: eleven octal digits. */
const MAX_SIZE = 8 ** 11 - 1

export const TAR_TYPE = { file: '0', link: '2', folder: '5', pax: 'x' } as const

export interface TarEntry {
  type: keyof typeof TAR_TYPE
  /** Of folders with "/" at the end. */
  path: string
  mode: number
  size: number
  /** Seconds since 1970. */
  mtime: number
  /** Of links. */
  target?: string
}

/** One header, with another in front of it that says what the first has no room for. */
export function tarHeader(entry: TarEntry): Buffer {
  const { path, target = '', size } = entry
  const records: [string, string][] = []
  if (!fitsName(path)) records.push(['path', path])
  if (!fitsName(target)) records.push(['linkpath', target])
  if (size > MAX_SIZE) records.push(['size', String(size)])
  const header = ustar(entry)
  if (records.length === 0) return header
  const pax = Buffer.from(records.map(([key, value]) => paxRecord(key, value)).join(''))
  const before = ustar({ type: 'pax', path: 'PaxHeader', mode: 0o644, size: pax.length, mtime: entry.mtime })
  return Buffer.concat([before, pax, tarPadding(pax.length), header])
}

/** What fills the last block of a body. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((TAR_BLOCK - (size % TAR_BLOCK)) % TAR_BLOCK)
}

/** The end mark. */
export function tarEnd(): Buffer {
  return Buffer.alloc(2 * TAR_BLOCK)
}

/** Old programs read names as they please, unless they are ASCII. */
function fitsName(text: string): boolean {
  return text.length <= NAME_BYTES && /^[\x20-\x7e]*$/.test(text)
}

/** "length key=value\n", where the length counts its own digits. */
export function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`)
  let length = rest + String(rest).length
  if (String(length).length > String(rest).length) length = rest + String(length).length
  return `${length} ${key}=${value}\n`
}

function ustar({ type, path, mode, size, mtime, target = '' }: TarEntry): Buffer {
  const block = Buffer.alloc(TAR_BLOCK)
  const octal = (value: number, at: number, digits: number) =>
    block.write(value.toString(8).padStart(digits, '0'), at, 'latin1')
  block.write(path, 0, NAME_BYTES, 'utf8')
  octal(mode, 100, 7)
  octal(0, 108, 7) // user and group: root, by number alone
  octal(0, 116, 7)
  octal(size > MAX_SIZE ? 0 : size, 124, 11)
  octal(mtime, 136, 11)
  block.fill(' ', 148, 156)
  block.write(TAR_TYPE[type], 156, 'latin1')
  block.write(target, 157, NAME_BYTES, 'utf8')
  block.write('ustar\x0000', 257, 'latin1')
  const sum = block.reduce((a, b) => a + b, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}
