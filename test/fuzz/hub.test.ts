// Fuzzing of what a hub reads from its store and from its clients.
import assert from 'node:assert/strict'
import { after, describe } from 'node:test'
import { parseDatasetName, parseTagName } from '../../src/core/names.ts'
import { ANONYMOUS } from '../../src/hub/hub.ts'
import { openReceipts } from '../../src/hub/receipts.ts'
import { createTagStore } from '../../src/hub/tag-store.ts'
import { MAX_RANGES, parseRanges } from '../../src/protocols/range.ts'
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
/** Half a request is not waited for long, so that there is time for many. */
const LIMITS = { prefaceTimeout: 50, headersTimeout: 50, idleTimeout: 50, bodyIdleTimeout: 50, lingerTimeout: 50 }
const hub = await startHub({ limits: LIMITS })
after(() => hub[Symbol.asyncDispose]())

/** What a status from 500 on may say without being a fault of ours. */
const EXCUSES = [
  'HTTP/1.1 501', // a method that nobody knows
  'HTTP/1.1 505',
  'No byte of the request came', // 503: half a request
  '"parse binary: ', // gRPC's status codes call a message that cannot be parsed "internal", and Connect follows
]

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
      const ranges = parseRanges(bytes.toString('latin1'), size)
      if (!Array.isArray(ranges)) return
      assert.ok(ranges.length >= 1 && ranges.length <= MAX_RANGES, `${ranges.length} ranges`)
      for (const { offset, length } of ranges)
        assert.ok(offset >= 0 && length >= 1 && offset + length <= size, `${offset} ${length}`)
      const sent = ranges.reduce((sum, { length }) => sum + length, 0)
      assert.ok(sent <= size, `${sent} bytes of ${size}`)
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
      assert.ok(status < 500 || EXCUSES.some((words) => answer.includes(words)), answer)
    },
  })
})
