// Lists a tar archive, plain or compressed: one pass over its headers.
import type { FilterOptions, SourceListing } from '../source.ts'
import { type ArchiveFile, brokenArchive, openArchive } from './archive-file.ts'
import {
  type ArchiveLimits,
  createLimitCheck,
  ignoreFolder,
  type LimitCheck,
  listMembers,
  type Member,
} from './archive-listing.ts'
import type { ByteStream } from './byte-stream.ts'
import { MAX_IGNORE_FILE } from './filter.ts'
import { memberPath } from './member-path.ts'
import { NOT_UTF8, TARGET_NOT_UTF8 } from './names.ts'
import { quote } from './offences.ts'
import { readTarMembers, type TarMember } from './tar-members.ts'
import { openUnpacked, type TarKind } from './unpacked-stream.ts'

export interface ListTarOptions {
  filter: FilterOptions
  limits?: ArchiveLimits
  signal?: AbortSignal
}

/** Bytes between two looks at the limit and the signal. */
const PART_BYTES = 1024 * 1024

/** @throws {AetherError} `source` for an archive that is damaged or holds what cannot be pushed, `too-large` beyond a limit. */
export async function listTar(path: string, kind: TarKind, options: ListTarOptions): Promise<SourceListing> {
  const archive = openArchive(path)
  const stream = openUnpacked(archive, kind)
  try {
    const limits = createLimitCheck(archive, options.limits ?? {})
    const { members, ignoreTexts } = await readMembers(archive, watched(stream, limits, options.signal), limits)
    // A compressed archive is checked to its end, where its checksum is. What follows the end mark does not matter.
    if (kind !== 'tar') await readToEnd(stream, limits, options.signal)
    archive.verify()
    return listMembers({ archive, members, ignoreTexts, limits }, options.filter)
  } finally {
    await stream.close()
    archive.close()
  }
}

async function readMembers(archive: ArchiveFile, stream: ByteStream, limits: LimitCheck) {
  const members: Member[] = []
  const ignoreTexts = new Map<string, string>()
  for await (const found of readTarMembers(archive, stream)) {
    limits.member()
    const member = toMember(found)
    const folder = ignoreFolder(member)
    if (folder !== undefined) ignoreTexts.set(folder, await readIgnoreText(archive, stream, member))
    members.push(member)
  }
  return { members, ignoreTexts }
}

async function readIgnoreText(archive: ArchiveFile, stream: ByteStream, { path, size }: Member): Promise<string> {
  if (size > MAX_IGNORE_FILE) throw brokenArchive(archive.path, `${quote(path)} is over ${MAX_IGNORE_FILE} bytes long`)
  return (await stream.take(size)).toString('utf8')
}

function toMember(found: TarMember): Member {
  const { path, fault } = memberPath(found.name.text)
  const kind = kindOf(found.type)
  const isLink = kind === 'link' || kind === 'hard link'
  const reason =
    (found.name.valid ? fault : NOT_UTF8) ??
    (isLink && !found.target.valid ? TARGET_NOT_UTF8 : undefined) ??
    (found.sparse ? 'it is a sparse file, which tar archives hold in ways of their own' : undefined) ??
    SPECIAL[found.type] ??
    (kind === 'special' ? `it is of an unknown kind, "${found.type}"` : '')
  return {
    path: found.name.valid ? path : found.name.text,
    kind: kind === 'special' && SPECIAL[found.type] === undefined ? 'file' : kind,
    executable: (found.mode & 0o100) !== 0,
    size: found.size,
    target: kind === 'hard link' ? memberPath(found.target.text).path : isLink ? found.target.text : '',
    modifiedMicros: found.modifiedMicros,
    location: found.location,
    reason,
  }
}

const SPECIAL: Record<string, string | undefined> = {
  3: 'it is a character device',
  4: 'it is a block device',
  6: 'it is a named pipe',
}

function kindOf(type: string): Member['kind'] {
  if (type === '0' || type === '7' || type === 'S') return 'file' // "7" asks for contiguous storage, "S" is sparse
  if (type === '1') return 'hard link'
  if (type === '2') return 'link'
  return type === '5' || type === 'D' ? 'folder' : 'special' // "D" is a folder in GNU's incremental archives
}

/** The stream, minding the limit and the signal at every step. */
function watched(stream: ByteStream, limits: LimitCheck, signal?: AbortSignal): ByteStream {
  async function skip(length: number): Promise<number> {
    for (let left = length; left > 0; ) {
      check()
      const passed = await stream.skip(Math.min(left, PART_BYTES))
      if (passed === 0) return length - left
      left -= passed
    }
    check()
    return length
  }

  function check(): void {
    signal?.throwIfAborted()
    limits.bytes(stream.position())
  }

  return { ...stream, skip }
}

async function readToEnd(stream: ByteStream, limits: LimitCheck, signal?: AbortSignal): Promise<void> {
  while ((await stream.some(PART_BYTES)).length > 0) {
    signal?.throwIfAborted()
    limits.bytes(stream.position())
  }
}
