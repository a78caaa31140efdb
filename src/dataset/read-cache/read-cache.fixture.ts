// A snapshot in memory behind a store that counts, fails and lies, for tests of the read cache.
import type { BlockInfo } from '../../core/block.ts'
import { sampleBytes, sampleText } from '../../core/sample.fixture.ts'
import { buildSnapshot } from '../../hub/snapshot.fixture.ts'
import type { FetchBlock } from '../block-reader.ts'
import type { ByteSpan } from '../tree/tree-contents.ts'
import type { ReadCache } from './read-cache.ts'

export interface Stored {
  content: Buffer
  record: Awaited<ReturnType<typeof buildSnapshot>>['record']
  blocks: Map<string, Uint8Array>
  /** Each fetch of frames; those of tails are not among them. */
  fetches: (ByteSpan & { block: string })[]
  fetch: FetchBlock
  /** Called before each fetch of frames; what it gives takes the place of the bytes. */
  onFetch?: (block: BlockInfo, range: ByteSpan, bytes: Uint8Array) => Promise<Uint8Array | undefined>
}

type Sample = Pick<Stored, 'content' | 'record' | 'blocks'>

export async function storedSample(bytes = 3_000_000, seed = 'read cache'): Promise<Sample> {
  const parts = [sampleBytes(bytes / 2, seed), sampleText(bytes / 2, seed)]
  const { record, blocks } = await buildSnapshot({ 'a.bin': parts[0]!, 'b.csv': parts[1]! })
  return { content: Buffer.concat(parts), record, blocks: new Map(blocks.map(({ info, bytes }) => [info.id, bytes])) }
}

export function storeOf(sample: Sample): Stored {
  const store: Stored = {
    ...sample,
    fetches: [],
    async fetch(block, range) {
      const bytes = Uint8Array.from(store.blocks.get(block.id)!.subarray(range.offset, range.offset + range.length))
      if (range.offset === block.size - block.tailSize) return bytes
      store.fetches.push({ ...range, block: block.id })
      return (await store.onFetch?.(block, range, bytes)) ?? bytes
    },
  }
  return store
}

/** The whole content as one file. */
export function wholeFile({ content }: Stored): ByteSpan {
  return { offset: 0, length: content.length }
}

export async function readSpan(
  cache: ReadCache,
  store: Stored,
  range: ByteSpan,
  {
    file = wholeFile(store),
    signal,
    fetch = store.fetch,
  }: { file?: ByteSpan; signal?: AbortSignal; fetch?: FetchBlock } = {},
): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of cache.read(store.record, file, range, fetch, { signal })) parts.push(part)
  return Buffer.concat(parts)
}
