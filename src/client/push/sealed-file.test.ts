import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { openSealed, sealed } from './sealed-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'sealed-file-'))
after(() => rmSync(folder, { recursive: true }))
const path = join(folder, 'file')

function write(...pieces: string[]): Buffer {
  const bytes = Buffer.concat([...sealed(pieces.map((piece) => Buffer.from(piece)))])
  writeFileSync(path, bytes)
  return bytes
}

describe('a sealed file', () => {
  it('gives what was written, and is whole', async () => {
    write('one', 'two', 'three')
    await using file = await openSealed(path)
    assert.equal(Buffer.from(await file.take(4)).toString(), 'onet')
    const rest = Buffer.alloc(file.left())
    await file.fill(rest)
    assert.equal(rest.toString(), 'wothree')
    assert.equal(await file.isWhole(), true)
  })

  it('is not whole when a byte is another, or when it was not read to its end', async () => {
    const good = write('one')
    for (const [at, length] of [
      [0, 3],
      [good.length - 1, 3],
      [-1, 2],
    ] as const) {
      writeFileSync(path, at < 0 ? good : good.with(at, good[at]! ^ 1))
      await using file = await openSealed(path)
      await file.take(length)
      assert.equal(await file.isWhole(), false)
    }
  })

  it('takes no memory for what is not there', async () => {
    write('one')
    await using file = await openSealed(path)
    for (const length of [4, 1e15, -1, 0.5, Number.NaN]) await assert.rejects(file.take(length), RangeError)
    await assert.rejects(file.fill(Buffer.alloc(4)), RangeError)
    writeFileSync(path, 'short')
    await using short = await openSealed(path)
    await assert.rejects(short.take(0), RangeError)
  })
})
