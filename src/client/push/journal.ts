// Blocks that an interrupted push has uploaded already, with the hub's receipts, so that the next push goes on from there.
import { appendFile, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type BlockIndex, type BlockInfo, decodeTail } from '../../core/block.ts'
import { toAetherError } from '../../core/errors.ts'
import { parseBlockId, sha256Hex } from '../../core/id.ts'
import type { KnownChunks } from '../../dataset/known-chunks.ts'
import { makeFolders } from '../../storage/make-folders.ts'

/** Receipts are good for a day; one that is about to expire is of no use. Milliseconds. */
const USABLE = 20 * 3600 * 1000

interface Line {
  receipt: string
  /** Milliseconds since 1970. */
  time: number
  id: string
  size: number
  /** Base64. */
  tail: string
}

export interface Journal {
  /** Makes the blocks of earlier, interrupted pushes known. */
  load(known: KnownChunks): Promise<void>
  /** Whether `load` found any. */
  resumed(): boolean
  add(block: BlockInfo, tail: Uint8Array, receipt: string): Promise<void>
  /** What could not be kept, for the user. */
  warnings(): string[]
  /** The receipt of a block that is in the journal. */
  receipt(block: BlockInfo): string | undefined
  /** Forgets everything: the push is through, or the hub does not take the receipts. */
  clear(): Promise<void>
}

/** One journal for each hub (or several of one store) and dataset. */
export function openJournal(cacheFolder: string, hosts: string, dataset: string): Journal {
  const path = join(cacheFolder, 'uploads', sha256Hex(`${hosts}/${dataset}`))
  const receipts = new Map<string, string>()
  const failures = new Set<string>()
  let resumed = false
  /** Ends a line that a crash or a full disk has cut short, so that it does not spoil the next one. */
  let begin = ''

  async function load(known: KnownChunks): Promise<void> {
    const text = await readFile(path, 'utf8').catch(() => '') // none: nothing was interrupted
    begin = text === '' || text.endsWith('\n') ? '' : '\n'
    for (const line of text.split('\n')) {
      const read = parseLine(line)
      if (!read || receipts.has(read.info.id)) continue
      receipts.set(read.info.id, read.receipt)
      known.addBlock(read.info, read.index)
    }
    resumed = receipts.size > 0
  }

  async function add(block: BlockInfo, tail: Uint8Array, receipt: string): Promise<void> {
    receipts.set(block.id, receipt)
    const line: Line = {
      receipt,
      time: Date.now(),
      id: block.id,
      size: block.size,
      tail: Buffer.from(tail).toString('base64'),
    }
    try {
      await makeFolders(dirname(path), 0o700)
      await appendFile(path, `${begin}${JSON.stringify(line)}\n`, { mode: 0o600 })
      begin = ''
    } catch (error) {
      // The hub has the block and this push its receipt: only an interruption would cost more.
      failures.add(`If this push is interrupted, the next one begins anew: ${toAetherError(error).message}`)
    }
  }

  async function clear(): Promise<void> {
    receipts.clear()
    await rm(path, { force: true })
  }

  return {
    load,
    resumed: () => resumed,
    warnings: () => [...failures],
    add,
    receipt: (block) => receipts.get(block.id),
    clear,
  }
}

function parseLine(line: string): { info: BlockInfo; receipt: string; index: BlockIndex } | undefined {
  try {
    const { receipt, time, id, size, tail: base64 } = JSON.parse(line) as Line
    if (!(Date.now() - time < USABLE)) return undefined
    const tail = Buffer.from(base64, 'base64')
    const info = { id: parseBlockId(id), size, tailSize: tail.length, tailHash: sha256Hex(tail) }
    return { info, receipt, index: decodeTail(tail, size) }
  } catch {
    return undefined // a line that a crash cut short: its block is sent again
  }
}
