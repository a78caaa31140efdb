import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { BuiltBlock } from '../../core/block.ts'
import type { DatasetName } from '../../core/names.ts'
import { buildSnapshot } from '../../hub/snapshot.fixture.ts'
import type { Connection } from '../connection.ts'
import type { Journal } from './journal.ts'
import { createUploader } from './uploader.ts'

const built = await Promise.all(
  ['a', 'b', 'c', 'd'].map(async (name) => (await buildSnapshot({ [name]: name })).blocks[0]!),
)

function start(uploadBlock: (id: string) => Promise<string>) {
  const receipts: string[] = []
  const sent: BuiltBlock[] = []
  const connection = { uploadBlock: (_: unknown, id: string) => uploadBlock(id) } as unknown as Connection
  const journal = {
    add: async (_: unknown, __: unknown, receipt: string) => void receipts.push(receipt),
  } as unknown as Journal
  const onSent = (block: BuiltBlock) => void sent.push(block)
  const uploader = createUploader({
    connection,
    dataset: 'geo' as DatasetName,
    journal,
    concurrency: 2,
    onSent,
    signal: undefined,
  })
  return { uploader, receipts, sent }
}

describe('createUploader', () => {
  it('sends several at once, no more than asked for, and keeps every receipt', async () => {
    let running = 0
    let most = 0
    const { uploader, receipts, sent } = start(async (id) => {
      most = Math.max(most, ++running)
      for (let i = 0; i < 5; i++) await null
      running--
      return `receipt ${id}`
    })
    for (const block of built) await uploader.send(block, () => {})
    await uploader.done()
    assert.equal(most, 2)
    assert.deepEqual(receipts.toSorted(), built.map(({ info }) => `receipt ${info.id}`).toSorted())
    assert.equal(sent.length, built.length)
  })

  it('throws what the first failed block met, and sends no more', async () => {
    const tried: string[] = []
    const { uploader } = start(async (id) => {
      tried.push(id)
      throw new Error(`no ${id}`)
    })
    await assert.rejects(
      async () => {
        for (const block of built) await uploader.send(block, () => {})
        await uploader.done()
      },
      new RegExp(`no ${built[0]!.info.id}`),
    )
    assert.ok(tried.length <= 2)
  })
})
