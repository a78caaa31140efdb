import assert from 'node:assert/strict'
import { readdirSync, rmSync } from 'node:fs'
import { describe, it } from 'node:test'
import { aetherError, noise, temporaryFolder } from './sources.fixture.ts'
import { createSpool, type Spool } from './spool.ts'

const MIB = 1024 * 1024

function readBack(spool: Spool, position: number, length: number): Buffer {
  const parts: Buffer[] = []
  for (let left = length; left > 0; ) {
    const part = Buffer.from(spool.read(position + length - left, left))
    parts.push(part)
    left -= part.length
  }
  return Buffer.concat(parts)
}

describe('createSpool', () => {
  it('gives back what it was given, in memory and in the file', (t) => {
    const folder = temporaryFolder(t)
    const spool = createSpool({ memory: 2 * MIB, folder })
    const bytes = noise(5 * MIB, 1)
    for (let i = 0; i < bytes.length; i += 700_001) spool.append(bytes.subarray(i, i + 700_001))
    assert.equal(spool.end(), bytes.length)
    for (const [position, length] of [
      [0, 10],
      [MIB - 5, 10],
      [2 * MIB - 5, 10],
      [2 * MIB, 3 * MIB],
      [0, 5 * MIB],
    ] as const) {
      assert.deepEqual(readBack(spool, position, length), bytes.subarray(position, position + length))
    }
    assert.deepEqual(readdirSync(folder), []) // the file has no name
    spool.close()
  })

  it('begins anew when cleared', () => {
    const spool = createSpool({ memory: MIB })
    spool.append(Buffer.from('old'))
    spool.clear()
    spool.append(Buffer.from('n'))
    assert.equal(spool.end(), 1)
    assert.equal(readBack(spool, 0, 1).toString(), 'n')
    spool.close()
  })

  it('needs no file as long as memory is enough', (t) => {
    const folder = temporaryFolder(t)
    rmSync(folder, { recursive: true })
    const spool = createSpool({ memory: MIB, folder })
    spool.append(Buffer.alloc(MIB))
    assert.throws(
      () => spool.append(Buffer.alloc(1)),
      aetherError('internal', /Cannot set files of the archive aside: ENOENT.*\nhint: Set TMPDIR/),
    )
    spool.close()
  })
})
