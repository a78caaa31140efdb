// Where the blocks of a push go: to the hub, or nowhere in a dry run. Counts them either way.
import type { BuiltBlock } from '../../core/block.ts'
import type { Journal } from './journal.ts'
import type { PushDeps, PushTarget } from './push-target.ts'
import { createUploader } from './uploader.ts'

const UPLOADS_AT_ONCE = 2

export function createSender({ connection, dataset }: PushTarget, { options }: PushDeps, journal: Journal) {
  let sentBytes = 0
  let blocks = 0
  const count = ({ info }: BuiltBlock) => {
    sentBytes += info.size
    blocks++
    options.onProgress?.({ subject: dataset, phase: 'upload', bytes: sentBytes })
  }
  const totals = () => ({ sentBytes, blocks })
  const countOnly = async (block: BuiltBlock, release: () => void) => {
    count(block)
    release()
  }
  if (options.dryRun) return { deliver: countOnly, done: async () => {}, totals }
  const uploader = createUploader({
    connection,
    dataset,
    journal,
    concurrency: options.concurrency ?? UPLOADS_AT_ONCE,
    onSent: count,
    signal: options.signal,
  })
  return { deliver: uploader.send, done: uploader.done, totals }
}
