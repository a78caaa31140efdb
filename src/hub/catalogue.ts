// What datasets and tags a store has, page by page, straight from the store's own listing.

import { AetherError } from '../core/errors.ts'
import { type DatasetName, parseDatasetName, parseTagName, type TagName } from '../core/names.ts'
import { mapOrdered } from '../dataset/map-ordered.ts'
import { DATASETS, keys } from '../storage/keys.ts'
import type { Storage } from '../storage/storage.ts'
import type { Page, PageOptions, TagInfo } from './hub.ts'
import type { TagStore } from './tag-store.ts'
import { tagInfo } from './tags.ts'

/** Tags that are read from the store at once. */
const READS_AT_ONCE = 16

/** Datasets in the store's order, which is the byte order of their names with a "/" behind. */
export async function listDatasets(
  storage: Storage,
  visible: (name: DatasetName) => boolean,
  { prefix = '', after, limit, signal }: PageOptions & { prefix?: string },
): Promise<Page<DatasetName>> {
  if (after !== undefined) parseDatasetName(after)
  const items: DatasetName[] = []
  for await (const name of datasetNames(storage, prefix, after, signal)) {
    if (after !== undefined && `${name}/` <= `${after}/`) continue
    if (!visible(name)) continue
    if (items.length === limit) return { items, next: items.at(-1) }
    items.push(name)
  }
  return { items, next: undefined }
}

/** Names from about `after` on; a scope in the middle of which a page begins comes once more from its start. */
async function* datasetNames(
  storage: Storage,
  prefix: string,
  after: string | undefined,
  signal?: AbortSignal,
): AsyncGenerator<DatasetName> {
  if (prefix.includes('/')) return yield* folders(storage, prefix, after && `${after}/`, signal)
  const scope = after?.split('/')[0]
  for await (const name of folders(storage, prefix, after?.startsWith('@') ? scope : after && `${after}/`, signal)) {
    if (name.startsWith('@')) yield* folders(storage, `${name}/`, name === scope ? `${after}/` : undefined, signal)
    else yield name
  }
}

/** Folders of datasets or scopes whose name begins with `prefix`, after the place `after`. */
async function* folders(
  storage: Storage,
  prefix: string,
  after: string | undefined,
  signal?: AbortSignal,
): AsyncGenerator<DatasetName> {
  let startAfter = after === undefined ? undefined : DATASETS + after
  for (;;) {
    const page = await storage.list({ prefix: DATASETS + prefix, delimiter: '/', startAfter, signal })
    for (const folder of page.prefixes) yield folder.slice(DATASETS.length, -1) as DatasetName
    if (page.next === undefined) return
    startAfter = page.next
  }
}

/** @throws {AetherError} `not-found` when the dataset has never had a tag. */
export async function listTags(
  storage: Storage,
  tags: TagStore,
  dataset: DatasetName,
  { after, limit, signal }: PageOptions,
): Promise<Page<TagInfo>> {
  if (after !== undefined) parseTagName(after)
  const prefix = keys.tags(dataset)
  const items: TagInfo[] = []
  let seen = after !== undefined
  for await (const info of mapOrdered(tagNames(storage, prefix, after, signal), READS_AT_ONCE, readTag)) {
    seen = true
    if (info === undefined) continue
    if (items.length === limit) return { items, next: items.at(-1)!.name }
    items.push(info)
  }
  if (!seen)
    throw new AetherError('not-found', `There is no dataset "${dataset}"`, { hint: 'aetherfs ls lists the datasets' })
  return { items, next: undefined }

  async function readTag(name: TagName): Promise<TagInfo | undefined> {
    const stored = await tags.read(dataset, name, signal)
    return stored?.tag.digest == null ? undefined : tagInfo(name, { ...stored.tag, digest: stored.tag.digest })
  }
}

async function* tagNames(
  storage: Storage,
  prefix: string,
  after: string | undefined,
  signal?: AbortSignal,
): AsyncGenerator<TagName> {
  let startAfter = after === undefined ? undefined : prefix + after
  for (;;) {
    const page = await storage.list({ prefix, startAfter, signal })
    for (const { key } of page.objects) yield key.slice(prefix.length) as TagName
    if (page.next === undefined) return
    startAfter = page.next
  }
}
