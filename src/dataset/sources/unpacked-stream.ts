// The bytes of a tar archive, whether it is compressed or not.
import { pipeline, Readable, type Transform } from 'node:stream'
import { constants, createGunzip, createZstdDecompress } from 'node:zlib'
import { AetherError, systemCode } from '../../core/errors.ts'
import type { SourceSpec } from '../source.ts'
import { type ArchiveFile, brokenArchive } from './archive-file.ts'
import { type ByteStream, type ByteSupply, createByteStream } from './byte-stream.ts'

export type TarKind = Extract<SourceSpec['kind'], 'tar' | 'tar.gz' | 'tar.zst'>

const CHUNK_BYTES = 256 * 1024
/** Headers lie far apart where files are large: reading more at once would be for nothing. */
const PLAIN_BYTES = 64 * 1024
/** Windows up to 128 MiB, as the zstd program itself takes without being told. */
const ZSTD_WINDOW_LOG = 27

export function openUnpacked(archive: ArchiveFile, kind: TarKind): ByteStream {
  return createByteStream(kind === 'tar' ? plainSupply(archive) : packedSupply(archive, kind))
}

function plainSupply(archive: ArchiveFile): ByteSupply {
  const buffer = Buffer.allocUnsafeSlow(PLAIN_BYTES)
  let position = 0

  function pull(): Buffer | undefined {
    const count = archive.readAt(buffer, PLAIN_BYTES, position)
    position += count
    return count === 0 ? undefined : buffer.subarray(0, count)
  }

  function seek(length: number): number {
    const passed = Math.max(0, Math.min(length, archive.size - position))
    position += passed
    return passed
  }

  return { pull, seek, close: async () => {} }
}

function packedSupply(archive: ArchiveFile, kind: 'tar.gz' | 'tar.zst'): ByteSupply {
  // Its callback is for errors, and those come to whoever reads as well.
  const unpacked = pipeline(Readable.from(contentOf(archive), { objectMode: false }), createUnpacker(kind), () => {})
  const chunks: AsyncIterator<Buffer> = unpacked[Symbol.asyncIterator]()

  async function pull(): Promise<Buffer | undefined> {
    try {
      const { value, done } = await chunks.next()
      return done ? undefined : value
    } catch (cause) {
      if (cause instanceof AetherError) throw cause
      throw brokenArchive(archive.path, describe(kind, cause), cause)
    }
  }

  return { pull, close: async () => void (await chunks.return?.()) }
}

/** Read with synchronous calls, so that none is under way when the archive is closed. */
function* contentOf(archive: ArchiveFile): Generator<Buffer> {
  for (let position = 0; ; ) {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
    const count = archive.readAt(buffer, CHUNK_BYTES, position)
    if (count === 0) return
    position += count
    yield buffer.subarray(0, count)
  }
}

function createUnpacker(kind: 'tar.gz' | 'tar.zst'): Transform {
  if (kind === 'tar.gz') return createGunzip({ chunkSize: CHUNK_BYTES })
  return createZstdDecompress({ chunkSize: CHUNK_BYTES, params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG } })
}

function describe(kind: 'tar.gz' | 'tar.zst', cause: unknown): string {
  const codec = kind === 'tar.gz' ? 'gzip' : 'zstd'
  const code = systemCode(cause)
  if (code === 'Z_BUF_ERROR') return `its ${codec} data is cut short`
  if (code === 'ZSTD_error_frameParameter_windowTooLarge') return 'its zstd data needs a window of more than 128 MiB'
  return `its ${codec} data is damaged (${cause instanceof Error ? cause.message : String(cause)})`
}
