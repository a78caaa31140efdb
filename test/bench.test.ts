// What the bench reckons with: its data, its statistics and its tables.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { linkSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { DATA_SETS, makeDataSet } from '../bench/data/data-sets.ts'
import type { CodecUsage } from '../bench/delta-codec.ts'
import { createSamples, type Sample } from '../bench/measure/samples.ts'
import { costOf, parseStoreRequests } from '../bench/measure/store-requests.ts'
import { openTrash } from '../bench/measure/trash.ts'
import { parseOptions } from '../bench/options.ts'
import { deltaFigures } from '../bench/report/delta-figures.ts'
import { figuresOf, figureTable, isMet } from '../bench/report/figures.ts'
import { measuredText, replacePart } from '../bench/report/page.ts'
import { sampleTable } from '../bench/report/sample-table.ts'
import { medianOf, summarise } from '../bench/report/stats.ts'
import { inTurn } from '../bench/run-scenario.ts'
import { cp, find, sha256sum } from '../bench/tools/coreutils.ts'
import { countCalls } from '../bench/tools/syncs.ts'
import { temporaryFolder } from './testing/temporary-folder.fixture.ts'

const run = promisify(execFile)

function sample(given: Partial<Sample>): Sample {
  return { scenario: 'mixed', step: 'push v1', tool: 'aetherfs', wall: 1, cpu: 1, peak: 2 ** 20, ...given }
}

describe('data of the bench', () => {
  it('is the same every time, and the second version is another', async () => {
    await using folder = await temporaryFolder()
    for (const name of DATA_SETS) {
      const [one, other] = ['one', 'other'].map((at) => makeDataSet(folder.at(at), name, 0.002))
      assert.deepEqual(one!.contents, other!.contents, name)
      assert.ok(one!.contents.v1.bytes > 0)
      if (name !== 'large-file') assert.notEqual(one!.contents.v1.digest, one!.contents.v2.digest, name)
    }
  })

  it('is not made again where it is, and has the same inodes for files that both versions have', async () => {
    await using folder = await temporaryFolder()
    const [one, again] = [1, 2].map(() => makeDataSet(folder.path, 'binaries', 0.001))
    assert.deepEqual(one, again)
    const inodes = (name: string) => [one!.v1, one!.v2].map((at) => statSync(join(at, name)).ino)
    assert.equal(new Set(inodes('model-0.bin')).size, 1)
    assert.equal(new Set(inodes('model-3.bin')).size, 2)
    const times = [one!.v1, one!.v2].map((at) => statSync(join(at, 'model-3.bin')).mtimeMs)
    assert.equal(times[1]! - times[0]!, 86_400_000, 'rsync sees them as different')
  })
})

describe('statistics', () => {
  it('take the middle, or the mean of the two in the middle', () => {
    assert.deepEqual(summarise([3, 1, 9]), { median: 3, min: 1, max: 9, count: 3 })
    assert.equal(summarise([4, 1])?.median, 2.5)
    assert.equal(summarise([]), undefined)
    assert.equal(
      medianOf([{ a: 1 }, {}, { a: 3 }] as { a?: number }[], ({ a }) => a),
      2,
    )
  })
})

describe('turns', () => {
  it('give each tool another place in each round', () => {
    const tools = [sha256sum, find, cp]
    const firsts = [0, 1, 2].map((round) => inTurn(tools, round)[0]!.name)
    assert.deepEqual(
      inTurn(tools, 0).map(({ name }) => name),
      ['sha256sum', 'find -printf', 'cp -r'],
    )
    assert.equal(new Set(firsts).size > 1, true)
    for (const round of [0, 1, 2, 3]) assert.deepEqual(new Set(inTurn(tools, round)), new Set(tools))
  })
})

describe('the trash', () => {
  it('gives room back at once, but leaves files alone that have another name', async () => {
    await using folder = await temporaryFolder()
    mkdirSync(folder.at('done'))
    writeFileSync(folder.at('data'), 'data')
    linkSync(folder.at('data'), folder.at('done/kept'))
    writeFileSync(folder.at('done/own'), 'own')
    await openTrash(folder.at('trash')).take(folder.at('done'))
    assert.equal(readFileSync(folder.at('data'), 'utf8'), 'data')
    assert.equal(statSync(folder.at('trash/0/own')).size, 0)
  })
})

describe('store requests', () => {
  const TEXT = `# HELP aetherfs_store_requests_total Requests to the store
aetherfs_store_requests_total{operation="put",outcome="ok"} 3
aetherfs_store_requests_total{operation="put",outcome="conflict"} 1
aetherfs_store_requests_total{operation="get",outcome="ok"} 1000
aetherfs_store_requests_total{operation="list",outcome="ok"} 2
`

  it('are added up over their outcomes, and have a price', () => {
    const requests = parseStoreRequests(TEXT)!
    assert.deepEqual(requests, { puts: 4, gets: 1000, lists: 2, deletes: 0 })
    assert.equal(costOf(requests).toFixed(6), '0.000430')
  })

  it('are unknown when the hub does not count them, and refused when they have no price', () => {
    assert.equal(parseStoreRequests('process_cpu_seconds_total 1\n'), undefined)
    assert.throws(() => parseStoreRequests('aetherfs_store_requests_total{operation="fly"} 1\n'), /"fly"/)
  })
})

describe('table', () => {
  it('has a line for each step and tool, with medians and what AetherFS takes as a multiple', () => {
    const samples = [
      sample({ wall: 1 }),
      sample({ tool: 'restic', wall: 2, cpu: 4 }),
      sample({ wall: 3 }),
      sample({ wall: 1.5 }),
    ]
    const lines = sampleTable(samples, new Map([['mixed', 'mixed: much']]))
    assert.deepEqual(lines.slice(0, 2), ['', 'mixed: much'])
    assert.match(lines[3]!, /^push v1 +aetherfs +3 +1\.50 +1\.00-3\.00 +1\.00 +1$/)
    assert.match(lines[4]!, /^push v1 +restic +1 +2\.00 +4\.00 +1 +0\.75 +0\.25 +0\.25$/)
  })
})

describe('figures', () => {
  it('are met, missed by so much, or not measured', () => {
    const samples = createSamples(() => {})
    samples.add(sample({ wall: 3, cpu: 1 }))
    samples.add(sample({ tool: 'restic', wall: 4, cpu: 1 }))
    const figures = figuresOf(samples)
    assert.deepEqual(figures.slice(0, 3).map(isMet), [true, undefined, false])
    const [, first, second, , note] = figureTable(figures)
    assert.match(first!, /first push, wall \/ restic +0\.75 +<= 0\.75 +ok$/)
    assert.match(second!, /MISSED by 67 %$/)
    assert.match(note!, /^Not measured in this run: first push, wall \/ tar \| zstd -3; /)
  })
})

describe('figures of deltas', () => {
  it('compare bytes and times of an update, by data set', () => {
    const samples = createSamples(() => {})
    const update = (scenario: string, tool: string, sent: number, wall = 1) =>
      samples.add(sample({ scenario, step: 'update to v2', tool, sent, wall }))
    update('delta-lmdb', 'aetherfs', 100)
    update('delta-lmdb', 'zstd --patch-from', 80)
    update('delta-lmdb', 'rsync --no-whole-file', 4000)
    update('delta-rewritten', 'aetherfs', 1020, 1.1)
    update('delta-rewritten', 'aetherfs, chunks', 1000, 1)
    const codec = { scenario: 'large-database', tool: 'aetherfs, codec alone', content: 300e6, cpu: 2 }
    samples.add(sample({ ...codec, step: 'encode delta' }))
    const found = deltaFigures(samples).filter(({ value }) => value !== undefined)
    assert.deepEqual(
      found.map(({ what, value }) => [what, value]),
      [
        ['lmdb: bytes of the update / zstd --patch-from', 1.25],
        ['lmdb: bytes of rsync / bytes of the update', 40],
        ['encoding, speed of a core in what changed', 150],
        ['encoding, memory', 1],
        ['rewritten: update to v2, wall / by chunks', 1.1],
        ['rewritten: update to v2, bytes / by chunks', 1.02],
      ],
    )
    assert.deepEqual(found.map(isMet), [true, true, true, true, false, true])
  })
})

describe('the codec alone', () => {
  it('makes a delta of two folders, applies it, and says what that took', async () => {
    await using folder = await temporaryFolder()
    const { v1, v2, contents } = makeDataSet(folder.path, 'lmdb', 0.05)
    const codec = async (work: string) => {
      const script = join(import.meta.dirname, '../bench/delta-codec.ts')
      const { stdout } = await run(process.execPath, [script, work, v1, v2, folder.at('delta')])
      return JSON.parse(stdout) as CodecUsage
    }
    const encoded = await codec('encode')
    assert.equal(encoded.bytes, statSync(folder.at('delta')).size)
    assert.ok(encoded.bytes < encoded.content / 20 && encoded.content <= contents.v2.bytes + 1000)
    const applied = await codec('apply')
    assert.equal(applied.bytes, encoded.bytes)
    assert.ok(applied.content > contents.v2.bytes && applied.cpu > 0)
  })
})

describe('syncs', () => {
  it('are counted once each in what strace writes', () => {
    const trace = `10 fsync(20) = 0
11 fdatasync(3 <unfinished ...>
12 syncfs(3) = 0
11 <... fdatasync resumed>) = 0
13 +++ exited with 0 +++
`
    assert.equal(countCalls(trace), 3)
  })
})

describe('options', () => {
  it('choose scenarios by name or part', () => {
    const names = (only: string) => parseOptions(['--only', only])!.scenarios.map(({ name }) => name)
    assert.deepEqual(names('text,memory'), ['text', 'large-file', 'many-files'])
    assert.throws(() => names('nothing'), /no scenario "nothing"/)
    assert.throws(() => parseOptions(['--runs', '0']), /--runs/)
    assert.throws(() => parseOptions(['--write', '--only', 'text']), /--write needs all scenarios of "main"/)
    assert.equal(parseOptions(['--help']), undefined)
  })

  it('make a quick run small', () => {
    const { runs, scale } = parseOptions(['--quick'])!
    assert.deepEqual({ runs, scale }, { runs: 1, scale: 0.1 })
  })
})

describe('docs/performance.md', () => {
  const PAGE = readFileSync(join(import.meta.dirname, '../docs/performance.md'), 'utf8')

  it('has a place for each measured part, and nothing else of it is changed', () => {
    for (const part of ['main', 'memory', 'fleet', 'delta', 'doors']) {
      const changed = replacePart(PAGE, part, 'measured\n')
      assert.ok(changed.includes(`<!-- bench ${part} -->\nmeasured\n<!-- end of bench ${part} -->`))
      assert.equal(replacePart(changed, part, 'measured\n'), changed)
    }
    assert.throws(() => replacePart(PAGE, 'other', ''), /no "<!-- bench other -->"/)
  })

  it('gets the samples and figures of the part, and no folder', () => {
    const options = parseOptions(['--only', 'main,fleet', '--folder', '/secret/place'])!
    const samples = createSamples(() => {})
    samples.add(sample({ wall: 3 }))
    samples.add(sample({ tool: 'restic', wall: 4 }))
    samples.add(sample({ scenario: 'fleet', step: 'pull v1', tool: 'aetherfs, 64 clients' }))
    const machine = { description: 'Two cores', busy: 0.5, load: 1 }
    const text = measuredText('main', { options, machine, samples, scenarios: options.scenarios, headings: new Map() })
    assert.match(text, /first push, wall \/ restic +0\.75/)
    assert.match(text, /Others used 50 % of the processors/)
    assert.doesNotMatch(text, /64 clients|secret/)
  })
})
