// Fuzzing of what a hub reads from its store and from its clients.
import assert from 'node:assert/strict'
import { after, describe } from 'node:test'
import { parseDatasetName, parseTagName } from '../../src/core/names.ts'
import { ANONYMOUS } from '../../src/hub/hub.ts'
import { openReceipts } from '../../src/hub/receipts.ts'
import { createTagStore } from '../../src/hub/tag-store.ts'
import { parseRange } from '../../src/protocols/http/range.ts'
import { decodePath } from '../../src/protocols/url-path.ts'
import { keys } from '../../src/storage/keys.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { startHub } from '../testing/hub.fixture.ts'
import { sendRaw } from '../testing/raw-call.fixture.ts'
import { fuzz } from './fuzz.fixture.ts'

const GEO = parseDatasetName('geo')
const TAG = parseTagName('latest')
const LOG = '7199254740991000-0123456789abcdef'

const memory = createMemoryStorage()
const receipts = await openReceipts(memory, Date.now)
const tags = createTagStore(memory, Date.now)
const hub = await startHub()
after(() => hub[Symbol.asyncDispose]())

describe('fuzzing', () => {
  fuzz('receipts', {
    corpus: 'receipt',
    codes: ['denied'],
    parse(bytes) {
      receipts.check(ANONYMOUS, GEO, bytes.toString())
      throw new Error('A receipt that nobody signed is taken')
    },
  })

  fuzz('tags', {
    corpus: 'tag',
    codes: ['integrity'],
    async parse(bytes) {
      await memory.put(keys.tag(GEO, TAG), bytes)
      const { tag } = (await tags.read(GEO, TAG))!
      assert.equal(typeof tag.movedMicros, 'number')
    },
  })

  fuzz('log entries', {
    corpus: 'log',
    codes: ['integrity'],
    async parse(bytes) {
      await memory.put(keys.logEntry(GEO, LOG), bytes)
      const entry = await tags.readLog(GEO, LOG)
      assert.ok(['push', 'tag', 'rollback', 'delete'].includes(entry.action))
    },
  })

  fuzz('ranges', {
    corpus: 'range',
    codes: [],
    parse(bytes, random) {
      const size = random.pick([0, 1, 100, 2 ** 40])
      const range = parseRange(bytes.toString('latin1'), size)
      if (range === undefined || range === 'unsatisfiable') return
      assert.ok(range.offset >= 0 && range.length >= 1 && range.offset + range.length <= size, JSON.stringify(range))
    },
  })

  fuzz('paths of URLs', {
    corpus: 'path',
    codes: ['invalid'],
    parse(bytes) {
      for (const segment of decodePath(bytes.toString('latin1'))) assert.ok(!['.', '..'].includes(segment), segment)
    },
  })

  fuzz('requests', {
    corpus: 'request',
    codes: [],
    maxLength: 4096,
    async parse(bytes) {
      const answer = await sendRaw(hub.url, Buffer.concat([bytes, Buffer.from('\r\n\r\n')]))
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0)
      assert.ok(status < 500 || status === 501 || status === 505, answer)
    },
  })
})
