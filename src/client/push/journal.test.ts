import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { chunkIdAt } from '../../core/block.ts'
import { createKnownChunks } from '../../dataset/known-chunks.ts'
import { buildSnapshot } from '../../hub/snapshot.fixture.ts'
import { openJournal } from './journal.ts'

const folder = mkdtempSync(join(tmpdir(), 'journal-'))
after(() => rmSync(folder, { recursive: true }))
const { blocks } = await buildSnapshot({ a: 'one' })
const [{ info, bytes, index }] = blocks as [(typeof blocks)[0]]
const tail = bytes.subarray(-info.tailSize)

describe('journal', () => {
  const file = () => join(folder, 'uploads', readdirSync(join(folder, 'uploads'))[0]!)

  it('makes the blocks of an interrupted push known to the next one, for the same hub and dataset', async () => {
    await openJournal(folder, 'host:1', 'geo').add(info, tail, 'the receipt')
    const next = openJournal(folder, 'host:1', 'geo')
    const known = createKnownChunks()
    await next.load(known)
    assert.ok(next.resumed())
    assert.deepEqual(known.get(chunkIdAt(index, 0)), { block: info, chunk: 0 })
    assert.equal(next.receipt(info), 'the receipt')
    const other = openJournal(folder, 'host:1', 'other')
    await other.load(createKnownChunks())
    assert.ok(!other.resumed())
  })

  it('passes over lines that a crash cut short, damaged ones, and receipts that expire soon', async () => {
    const line = readFileSync(file(), 'utf8')
    const old = line.replace(/"time":\d+/, `"time":${Date.now() - 21 * 3600 * 1000}`)
    const spoilt = line.replace(/"size":\d+/, '"size":1')
    writeFileSync(file(), `${old}${spoilt}nonsense\n{}\n${line.slice(0, 50)}\n`)
    const journal = openJournal(folder, 'host:1', 'geo')
    await journal.load(createKnownChunks())
    assert.ok(!journal.resumed())
    appendFileSync(file(), line)
    const healed = openJournal(folder, 'host:1', 'geo')
    await healed.load(createKnownChunks())
    assert.ok(healed.resumed())
  })

  it('begins a line of its own behind one that was cut short', async () => {
    const line = readFileSync(file(), 'utf8').split('\n').at(-2)!
    writeFileSync(file(), line.slice(0, 50))
    const journal = openJournal(folder, 'host:1', 'geo')
    await journal.load(createKnownChunks())
    await journal.add(info, tail, 'the receipt')
    const next = openJournal(folder, 'host:1', 'geo')
    await next.load(createKnownChunks())
    assert.equal(next.receipt(info), 'the receipt')
  })

  it('forgets when it is cleared', async () => {
    const journal = openJournal(folder, 'host:1', 'geo')
    await journal.clear()
    assert.deepEqual(readdirSync(join(folder, 'uploads')), [])
    await journal.clear()
  })
})

describe('journal in a folder that cannot be written', () => {
  it('keeps receipts for this push and says what an interruption would cost', async () => {
    writeFileSync(join(folder, 'in-the-way'), '')
    const journal = openJournal(join(folder, 'in-the-way'), 'host:1', 'geo')
    await journal.add(info, tail, 'the receipt')
    assert.equal(journal.receipt(info), 'the receipt')
    assert.match(journal.warnings().join(), /the next one begins anew: ENOTDIR|EEXIST/)
  })
})
