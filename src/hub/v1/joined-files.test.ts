import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { sampleBytes } from '../../core/sample.fixture.ts'
import { blockRanges, partOf } from './block-ranges.ts'
import { type JoinedFile, joinFiles, readJoined } from './joined-files.ts'
import type { OpenBlock, V1Dataset } from './v1-hub.ts'

/** Blocks in memory, named by their places. */
function blocksOf(content: Buffer, blockSize: number): OpenBlock[] {
  return Array.from({ length: Math.ceil(content.length / blockSize) }, (_, i) => {
    const bytes = content.subarray(i * blockSize, (i + 1) * blockSize)
    const read: OpenBlock['read'] = async function* (offset, length) {
      for (let at = offset; at < offset + length; at += 3) yield bytes.subarray(at, Math.min(at + 3, offset + length))
    }
    return { size: bytes.length, stays: true, owned: false, read }
  })
}

function datasetOf(sizes: [path: string, size: number][], blockSize: number): { dataset: V1Dataset; content: Buffer } {
  const files = sizes.map(([path, size]) => ({ path, size, modifiedMicros: 1 }))
  const content = sampleBytes(
    sizes.reduce((sum, [, size]) => sum + size, 0),
    'joined',
  )
  return { dataset: { files, blockSize, blocks: blocksOf(content, blockSize).map((_, i) => `${i}`) }, content }
}

async function readAll(files: JoinedFile[], dataset: V1Dataset, blocks: OpenBlock[]): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(readJoined(files, dataset, async (name) => blocks[Number(name)]!)))
}

const anySizes = fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b.c', 'b/c', 'é', 'zz', '0/1', '𝄞'), fc.nat(40)), {
  selector: ([path]) => path,
})

describe('joined files', () => {
  it('are read in listing order, whatever their order was', async () => {
    await fc.assert(
      fc.asyncProperty(anySizes, fc.integer({ min: 1, max: 50 }), async (sizes, blockSize) => {
        const { dataset, content } = datasetOf(sizes, blockSize)
        const files = joinFiles(dataset)
        const paths = files.map(({ path }) => Buffer.from(path))
        assert.deepEqual(paths, paths.toSorted(Buffer.compare))
        const wanted = Buffer.concat(files.map(({ offset, size }) => content.subarray(offset, offset + size)))
        const blocks = blocksOf(content, blockSize)
        assert.deepEqual(await readAll(files, dataset, blocks), wanted)

        const ranges = blockRanges(files, blockSize)
        assert.equal(ranges.length, blocks.length)
        for (const [i, lies] of ranges.entries()) {
          const bytes = lies.map(({ offset, length }) => wanted.subarray(offset, offset + length))
          const block = content.subarray(i * blockSize, (i + 1) * blockSize)
          assert.deepEqual(Buffer.concat(bytes), block)
          const [from, length] = [Math.floor(block.length / 3), Math.floor(block.length / 2)]
          const part = [...partOf(lies, { offset: from, length })]
          assert.deepEqual(
            Buffer.concat(part.map((range) => wanted.subarray(range.offset, range.offset + range.length))),
            block.subarray(from, from + length),
          )
        }
      }),
    )
  })

  it('have blocks of just the right sizes', async () => {
    const { dataset, content } = datasetOf([['a', 25]], 10)
    const blocks = blocksOf(content, 10)
    blocks[2] = { ...blocks[2]!, size: 4 }
    await assert.rejects(readAll(joinFiles(dataset), dataset, blocks), { code: 'invalid', message: /needs? one of 5/ })
  })
})
