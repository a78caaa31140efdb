// The members of a tar archive, one after the other: headers, with what pax and GNU extensions say put in its place.
//
// Not left to tar-stream, which decodes names before it can be told which bytes are no text, takes a trailer for a broken
// header, does not miss the end mark of an archive that was cut off between two members, and cannot seek.
import { type ArchiveFile, brokenArchive } from './archive-file.ts'
import type { ByteStream } from './byte-stream.ts'
import { type DecodedName, decodeName } from './names.ts'
import { quote } from './offences.ts'
import { mergePax, type PaxRecords, parsePax, paxMicros, paxSize } from './pax.ts'
import { parseTarHeader, TAR_BLOCK, type TarHeader, textField } from './tar-header.ts'

export interface TarMember {
  name: DecodedName
  /** Of links of both kinds. */
  target: DecodedName
  /** Type flag. */
  type: string
  mode: number
  /** Bytes in the body. */
  size: number
  /** First byte of the body in the unpacked archive. */
  location: number
  modifiedMicros: number
  /** The body is a map of its holes and the bytes between them. */
  sparse: boolean
}

/** Longest extended header, in bytes. */
const MAX_EXTENSION = 4 * 1024 * 1024

/** What extension headers say of the next member. */
interface Extensions {
  pax: PaxRecords
  longName: Buffer | undefined
  longLinkName: Buffer | undefined
}

/** Members up to the end mark. After each, its body may be read from the stream. */
export async function* readTarMembers(archive: ArchiveFile, stream: ByteStream): AsyncGenerator<TarMember> {
  let globals: PaxRecords = new Map()
  let extensions = noExtensions(globals)
  for (;;) {
    const header = await readHeader()
    if (header === undefined) return
    if (isExtension(header.type)) await takeExtension(header)
    else if (header.type === 'V') await pass(header.size, header.name.toString('latin1'))
    else yield* member(header)
  }

  async function readHeader(): Promise<TarHeader | undefined> {
    const start = stream.position()
    const block = Buffer.from(await stream.take(TAR_BLOCK))
    if (block.length === 0) throw broken('it has no end mark, so it may be cut short')
    if (block.length < TAR_BLOCK) throw broken('it ends in the middle of a header')
    if (block.every((byte) => byte === 0)) return undefined
    const header = parseTarHeader(block)
    if (header !== undefined) return header
    throw broken(start === 0 ? 'it does not begin as a tar archive' : `the header at byte ${start} is damaged`)
  }

  async function takeExtension({ type, size }: TarHeader): Promise<void> {
    const bytes = await readExtension(size)
    if (type === 'L') extensions.longName = textField(bytes, 0, bytes.length)
    else if (type === 'K') extensions.longLinkName = textField(bytes, 0, bytes.length)
    else if (type === 'g') extensions.pax = globals = mergePax(globals, recordsOf(bytes))
    else extensions.pax = mergePax(extensions.pax, recordsOf(bytes))
  }

  async function readExtension(size: number): Promise<Buffer> {
    if (size > MAX_EXTENSION) throw broken(`an extended header is over ${MAX_EXTENSION} bytes long`)
    const bytes = Buffer.from(await stream.take(size))
    const behind = bytes.length < size ? 0 : await stream.skip(padding(size))
    if (bytes.length < size || behind < padding(size)) throw broken('it ends in the middle of an extended header')
    return bytes
  }

  function recordsOf(bytes: Buffer): PaxRecords {
    const records = parsePax(bytes)
    if (records === undefined) throw broken('an extended header is damaged')
    return records
  }

  async function* member(header: TarHeader): AsyncGenerator<TarMember> {
    const oldSparse = header.type === 'S'
    if (oldSparse) await passSparseMap(header)
    const found = { ...describeMember(header, extensions), location: stream.position() }
    if (found.size < 0) throw broken(`the extended header of ${quote(found.name.text)} is damaged`)
    extensions = noExtensions(globals)
    yield found
    const end = found.location + found.size + padding(found.size)
    await pass(end - stream.position(), found.name.text)
  }

  /** The map of an old GNU sparse file goes on in blocks behind its header. */
  async function passSparseMap(header: TarHeader): Promise<void> {
    let more = header.block[482] === 1
    while (more) {
      const block = await stream.take(TAR_BLOCK)
      if (block.length < TAR_BLOCK) throw broken('it ends in the middle of a header')
      more = block[504] === 1
    }
  }

  async function pass(bytes: number, name: string): Promise<void> {
    if ((await stream.skip(bytes)) < bytes) throw broken(`it ends in the middle of ${quote(name)}`)
  }

  function broken(reason: string): Error {
    return brokenArchive(archive.path, reason)
  }
}

function noExtensions(globals: PaxRecords): Extensions {
  return { pax: globals, longName: undefined, longLinkName: undefined }
}

/** "X" is what Solaris wrote before "x" was agreed on. */
function isExtension(type: string): boolean {
  return type === 'x' || type === 'X' || type === 'g' || type === 'L' || type === 'K'
}

/** A size of -1 stands for an extended header that makes no sense. */
function describeMember(header: TarHeader, { pax, longName, longLinkName }: Extensions): Omit<TarMember, 'location'> {
  const name = decodeName(pax.get('GNU.sparse.name') ?? pax.get('path') ?? longName ?? header.name)
  const target = decodeName(pax.get('linkpath') ?? longLinkName ?? header.linkName)
  const written = pax.get('size')
  const size = written === undefined ? header.size : (paxSize(written) ?? -1)
  const time = pax.get('mtime')
  const micros = time === undefined ? undefined : paxMicros(time)
  // The oldest archives know folders by the slash alone.
  const type = header.type === '0' && name.text.endsWith('/') ? '5' : header.type
  return {
    name,
    target,
    type,
    mode: header.mode,
    size: hasBody(type) ? size : 0,
    modifiedMicros: micros ?? header.mtime * 1e6,
    sparse: header.type === 'S' || [...pax.keys()].some((key) => key.startsWith('GNU.sparse.')),
  }
}

/** Links, devices, folders and pipes have none, whatever their size says. */
function hasBody(type: string): boolean {
  return !/^[1-6]$/.test(type)
}

function padding(size: number): number {
  return (TAR_BLOCK - (size % TAR_BLOCK)) % TAR_BLOCK
}
