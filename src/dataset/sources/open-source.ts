// The one way into the kinds of source: a folder, a file, an archive. What reads archives is loaded for them only.
import type { FilterOptions, Source, SourceListing, SourceSpec } from '../source.ts'
import { createFolderSource } from './folder-source.ts'
import { listFile } from './single-file.ts'
import { walkFolder } from './walk.ts'

/** @throws {AetherError} `source`, naming what cannot be pushed; `not-found`; `too-large` */
export async function listSource(
  spec: SourceSpec,
  filter: FilterOptions,
  signal?: AbortSignal,
): Promise<SourceListing> {
  signal?.throwIfAborted()
  if (spec.kind === 'folder') return walkFolder(spec.path, filter, signal)
  if (spec.kind === 'file') return listFile(spec.path)
  if (spec.kind === 'zip') return (await import('./zip.ts')).listZip(spec.path, { filter, signal })
  return (await import('./tar.ts')).listTar(spec.path, spec.kind, { filter, signal })
}

/** Opens what was listed, to read the bytes of its entries. */
export async function openSource(spec: SourceSpec): Promise<Source> {
  if (spec.kind === 'zip') return (await import('./zip.ts')).openZipSource(spec.path)
  if (spec.kind === 'tar') return (await import('./tar-source.ts')).openTarSource(spec.path)
  if (spec.kind === 'folder' || spec.kind === 'file') return createFolderSource(spec.path, spec.kind)
  return (await import('./packed-tar-source.ts')).openPackedTarSource(spec.path, spec.kind)
}
