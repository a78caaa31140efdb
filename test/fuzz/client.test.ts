// Fuzzing of what a client keeps on its own disk. A private file may be damaged too: then it is as good as none.
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { after, describe } from 'node:test'
import { decodeKeptRecord, encodeKeptRecord } from '../../src/client/pull/kept-record.ts'
import { parseVersionKey } from '../../src/client/pull/target-layout.ts'
import { openJournal } from '../../src/client/push/journal.ts'
import { readStatCache, writeStatCache } from '../../src/client/push/stat-cache.ts'
import { sha256Hex } from '../../src/core/id.ts'
import { encodeListing } from '../../src/core/listing.ts'
import { encodeRecord } from '../../src/core/record.ts'
import { decodeTimes, encodeTimes } from '../../src/core/times.ts'
import { createEntryTable, type EntryTable } from '../../src/dataset/entry-table.ts'
import { createKnownChunks } from '../../src/dataset/known-chunks.ts'
import { temporaryFolder } from '../testing/temporary-folder.fixture.ts'
import { fuzz } from './fuzz.fixture.ts'

const folder = await temporaryFolder()
after(() => folder[Symbol.asyncDispose]())
const HOST = 'localhost:8080'
/** The version that the records in the corpus are of. */
const KEY = parseVersionKey('17ddecba9fc6e90733c58bc329b325bd0840e7f3d3e74e50ea322664cc7f4de9')!
mkdirSync(folder.at('uploads'))

/** The bytes with the checksum at their end made right, so that what is behind it is tried too. */
function resealed(bytes: Buffer): Buffer {
  const body = bytes.subarray(0, -32)
  return Buffer.concat([body, Buffer.from(sha256Hex(body), 'hex')])
}

/** The entries that the cache in the corpus is of. */
function someEntries(): EntryTable {
  const table = createEntryTable()
  const draft = { executable: false, size: 0, target: '', modifiedMicros: 7, stamp: 'x', settled: true, location: 0 }
  for (const path of ['a', 'b', 'd']) table.add({ ...draft, kind: 'file', path, size: 5 })
  table.add({ ...draft, kind: 'link', path: 'e', target: 'a', stamp: '' })
  table.add({ ...draft, kind: 'folder', path: 'f', stamp: '' })
  return table.finish('as added')
}

const ENTRIES = someEntries()

describe('fuzzing', () => {
  fuzz('kept records', {
    corpus: 'kept-record',
    codes: ['invalid'],
    parse(bytes, random) {
      const file = random.chance(0.8) ? resealed(bytes) : bytes
      const kept = decodeKeptRecord(file, KEY)
      const [encoded, listingText] = [encodeRecord(kept.record), encodeListing(kept.entries)]
      const micros = kept.times ? decodeTimes(kept.times, kept.entries.length) : kept.diskMicros
      const again = Buffer.concat(encodeKeptRecord({ ...kept, encoded, listingText, micros }))
      assert.deepEqual(decodeKeptRecord(again, KEY), { ...kept, times: encodeTimes(micros) })
    },
  })

  fuzz('stat caches', {
    corpus: 'stat-cache',
    codes: [],
    async parse(bytes, random) {
      writeFileSync(folder.at('sources'), random.chance(0.8) ? resealed(bytes) : bytes)
      const cached = await readStatCache(folder.at('sources'), ENTRIES)
      if (cached === undefined) return
      await writeStatCache(folder.at('copy'), cached, ENTRIES)
      const again = await readStatCache(folder.at('copy'), ENTRIES)
      assert.deepEqual(again?.last, cached.last)
      assert.deepEqual(again.known.hashes, cached.known.hashes)
      assert.equal(again.known.same, true)
    },
  })

  fuzz('journals', {
    corpus: 'journal',
    codes: [],
    async parse(bytes) {
      writeFileSync(folder.at('uploads', sha256Hex(`${HOST}/geo`)), bytes)
      await openJournal(folder.path, HOST, 'geo').load(createKnownChunks())
    },
  })
})
