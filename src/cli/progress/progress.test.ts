import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Progress } from '../../client/progress.ts'
import { createTestClock, createTestSink, createTestWorld } from '../testing/test-world.fixture.ts'
import { createProgressView } from './create-progress-view.ts'
import { createLineView, jsonLine, plainLine } from './line-view.ts'
import { createTerminalView } from './terminal-view.ts'

const MIB = 1024 ** 2

function terminal({ columns = 100, rows = 24 } = {}) {
  const sink = createTestSink(true, columns, rows)
  const clock = createTestClock()
  const view = createTerminalView(sink, clock)
  let seen = 0
  /** What was written since the last look. */
  const written = () => {
    const text = sink.text().slice(seen)
    seen = sink.text().length
    return text
  }
  return { view, clock, written }
}

function reading(bytes: number, more: Partial<Progress> = {}): Progress {
  return { subject: 'geo', phase: 'read', bytes, totalBytes: 100 * MIB, ...more }
}

describe('createTerminalView', () => {
  it('draws phase, bar, bytes, rate, time left and what was reused', () => {
    const { view, clock, written } = terminal({ columns: 120 })
    view.report(reading(0))
    clock.advance(1000)
    written()
    view.report(reading(25 * MIB, { reusedBytes: 5 * MIB }))
    clock.advance(100)
    const line = 'geo  Reading     [=====>              ]  25.0 MiB / 100.0 MiB  22.7 MiB/s  3.3 s left  5.0 MiB reused'
    assert.equal(written(), `\r\x1b[1A\x1b[J${line}\n`)
  })

  it('draws at most ten times a second, and only what has changed', () => {
    const { view, clock, written } = terminal()
    for (let i = 0; i < 1000; i++) {
      view.report(reading(i))
      clock.advance(1)
    }
    assert.equal(written().split('Reading').length - 1, 10)
    clock.advance(1000)
    assert.equal(written(), '')
  })

  it('keeps every line within the width, whatever it has to leave out', () => {
    for (const columns of [20, 40, 60, 80, 200]) {
      const { view, clock, written } = terminal({ columns })
      view.report(reading(0, { subject: 'hub.example.com:8080/@some-team/some-dataset:v1' }))
      clock.advance(500)
      written()
      view.report(reading(MIB, { reusedBytes: MIB, subject: 'hub.example.com:8080/@some-team/some-dataset:v1' }))
      clock.advance(100)
      const [line = ''] = written().replace('\r\x1b[1A\x1b[J', '').split('\n')
      assert.ok([...line].length < columns && line.length > 0, `${columns}: ${line}`)
    }
  })

  it('has a row for each subject and phase, those under way when there is no room for all', () => {
    const { view, clock, written } = terminal({ rows: 4 })
    for (const subject of ['a', 'b', 'c', 'd']) view.report(reading(5, { subject, done: subject < 'c' }))
    clock.advance(100)
    assert.deepEqual(
      written()
        .split('\n')
        .map((line) => line.slice(0, 1)),
      ['b', 'c', 'd', ''],
    )
  })

  it('drops a row that has nothing to show once its work has moved on', () => {
    const { view, clock, written } = terminal()
    view.report({ subject: 'geo', phase: 'resolve', bytes: 0 })
    clock.advance(100)
    assert.equal(written(), 'geo  Resolving\n')
    view.report(reading(1))
    clock.advance(100)
    assert.equal(written().split('\n').length, 2)
  })

  it('leaves nothing behind, and draws nothing after its end', () => {
    const { view, clock, written } = terminal()
    view.report(reading(1))
    view.report(reading(1, { phase: 'upload' }))
    clock.advance(100)
    written()
    view.finish()
    assert.equal(written(), '\r\x1b[2A\x1b[J')
    view.report(reading(2))
    clock.advance(1000)
    view.finish()
    assert.equal(written(), '')
    assert.equal(clock.timers(), 0)
  })

  it('lets notes pass above what is drawn', async () => {
    const { view, clock, written } = terminal()
    view.report(reading(100 * MIB, { done: true }))
    clock.advance(100)
    written()
    await view.above('left out: a.sock')
    assert.equal(written(), '\r\x1b[1A\x1b[Jleft out: a.sock\ngeo  Reading     done  100.0 MiB  0.0 s\n')
  })

  it('shows control characters of names instead of sending them', () => {
    const { view, clock, written } = terminal()
    view.report(reading(1, { subject: 'a\x1b[31m' }))
    clock.advance(100)
    assert.match(written(), /^a\\x1b\[31m {2}Reading/)
  })
})

describe('createLineView', () => {
  function lines(format: typeof plainLine) {
    const sink = createTestSink()
    const clock = createTestClock()
    return { sink, clock, view: createLineView(sink, clock, format) }
  }

  it('writes a line every five seconds while there is something to tell', () => {
    const { sink, clock, view } = lines(plainLine)
    view.report(reading(0))
    clock.advance(4000)
    view.report(reading(40 * MIB))
    assert.equal(sink.text(), '')
    clock.advance(1000)
    assert.equal(sink.text(), 'geo: reading, 40.0 MiB / 100.0 MiB, 8.0 MiB/s, 7.5 s left\n')
    clock.advance(60_000)
    view.report(reading(100 * MIB, { done: true }))
    clock.advance(5000)
    assert.match(sink.text(), /\ngeo: reading, done, 100.0 MiB, 65 s\n$|\ngeo: reading, done, 100.0 MiB, 1 min 5 s\n$/)
    view.finish()
    assert.equal(clock.timers(), 0)
  })

  it('writes nothing for what is done before the first line', () => {
    const { sink, clock, view } = lines(plainLine)
    view.report(reading(100 * MIB, { done: true }))
    clock.advance(20_000)
    assert.equal(sink.text(), '')
  })

  it('writes JSON lines for programs', () => {
    const { sink, clock, view } = lines(jsonLine)
    view.report(reading(7))
    clock.advance(5000)
    const progress = {
      time: '1970-01-01T00:00:05.000000Z',
      subject: 'geo',
      phase: 'read',
      bytes: 7,
      totalBytes: 100 * MIB,
    }
    assert.deepEqual(JSON.parse(sink.text()), { progress })
  })
})

describe('createProgressView', () => {
  const settings = { quiet: false, progress: true, json: false }
  function drawnWith(terminalThere: boolean, more: Partial<typeof settings>, env = {}): string {
    const world = createTestWorld({ terminal: terminalThere, env })
    const view = createProgressView(world, { ...settings, ...more } as Parameters<typeof createProgressView>[1])
    view.report(reading(1))
    world.clock.advance(5000)
    return world.stderr.text().slice(0, 6)
  }

  it('chooses bars, lines, JSON or nothing', () => {
    assert.equal(drawnWith(true, {}), 'geo  R')
    assert.equal(drawnWith(false, {}), 'geo: r')
    assert.equal(drawnWith(true, {}, { TERM: 'dumb' }), 'geo: r')
    assert.equal(drawnWith(true, { json: true }), '{"prog')
    assert.equal(drawnWith(true, { quiet: true }), '')
    assert.equal(drawnWith(true, { progress: false }), '')
  })
})
