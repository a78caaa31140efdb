import assert from 'node:assert/strict'
import { access, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { parseDatasetName, parseTagName } from '../core/names.ts'
import { createHub } from '../hub/create-hub.ts'
import { ANONYMOUS } from '../hub/hub.ts'
import { buildSnapshot } from '../hub/snapshot.fixture.ts'
import { openState } from '../hub/verify-store/state.ts'
import { openStateFile } from '../hub/verify-store/state-file.ts'
import { openStorage } from '../storage/open-storage.ts'
import { createTestWorld } from './testing/test-world.fixture.ts'

const GEO = parseDatasetName('geo')

/** A store with one snapshot under the tag "v1". */
async function makeStore(path: string): Promise<void> {
  const storage = await openStorage(path)
  const hub = await createHub({ storage })
  const { bytes, blocks } = await buildSnapshot({ 'a.txt': 'hello', 'b.bin': Buffer.alloc(100_000, 'abc') })
  const receipts: string[] = []
  for (const { info, bytes } of blocks)
    receipts.push(await hub.uploadBlock(ANONYMOUS, GEO, info.id, bytes.length, once(bytes)))
  const tags = [{ tag: parseTagName('v1'), expected: undefined }]
  await hub.publish(ANONYMOUS, { dataset: GEO, record: bytes, receipts, bases: [], tags, reason: '' })
  await hub.close()
  await storage.close()
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

describe('aetherfs verify --storage', () => {
  let folder: string
  let store: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'aetherfs-verify-store-'))
    store = join(folder, 'store')
    await makeStore(store)
  })
  after(() => rm(folder, { recursive: true }))

  async function verify(...argv: string[]) {
    const world = createTestWorld({ env: { HOME: folder } })
    const code = await world.run('verify', ...argv)
    return { code, out: world.stdout.text(), err: world.stderr.text() }
  }

  it('agrees with a store that is as hubs left it, changes nothing in it and leaves no state behind', async () => {
    const before = await readdir(store, { recursive: true })
    const { code, out, err } = await verify('--storage', store)
    assert.match(out, /^ok {2}\S+\/store: 1 block, 1 snapshot, 1 tag, 1 log entry; [\d.]+ (?:B|KiB)\n$/)
    assert.deepEqual([code, err], [0, ''])
    assert.deepEqual(await readdir(store, { recursive: true }), before)
    assert.deepEqual(await readdir(join(folder, '.cache/aetherfs/verify')), [])
  })

  it('names what is damaged and whom it touches, and exits with 7', async () => {
    const damaged = join(folder, 'damaged')
    await makeStore(damaged)
    const [name = ''] = (await readdir(join(damaged, 'blocks'), { recursive: true })).filter((path) => path.length > 60)
    const path = join(damaged, 'blocks', name)
    await writeFile(path, (await readFile(path)).fill(7, 20, 21))
    const plain = await verify('--storage', damaged)
    assert.equal(plain.code, 7)
    const [verdict, finding, snapshots, tags, hint] = plain.out.split('\n')
    assert.match(verdict!, /^bad {2}/)
    assert.equal(finding, `  damaged: blocks/${name}: its bytes have another SHA-256`)
    assert.match(snapshots!, /^ {4}snapshots: geo@sha256:[0-9a-f]{64}$/)
    assert.equal(tags, '    tags: geo:v1')
    assert.match(hint!, /^ {4}hint: Restore it from a backup; or remove it and push/)
    assert.match(
      plain.err,
      /^aetherfs: 1 object of the store ".*" is damaged or missing, which touches 1 snapshot and 1 tag\n/,
    )

    const json = await verify('--storage', damaged, '--json')
    const { ok, found, findings, tags: touched, checked } = JSON.parse(json.out)
    assert.deepEqual([json.code, ok, found, touched], [7, false, 1, { count: 1, names: ['geo:v1'] }])
    assert.deepEqual(Object.keys(findings[0]), ['key', 'kind', 'problem', 'reason', 'snapshots', 'tags', 'hint'])
    assert.equal(checked.logEntries.objects, 1)
    assert.equal(JSON.parse(json.err).error.code, 'integrity')
  })

  it('goes on where a check was interrupted, unless told to begin anew', async () => {
    const path = join(folder, 'state')
    const begin = async () => {
      const state = openState(await openStateFile(path, { subject: store }), () => 0)
      state.reached({ key: 'datasets/geo/snapshots/', counted: { kind: 'block', bytes: 5 } })
      state.close()
    }
    await begin()
    const resumed = await verify('--storage', store, '--state', path, '--json')
    assert.match(resumed.err, /"note":"Going on with the check that began at 1970-01-01T00:00:00.000000Z"/)
    // What had been looked at, by what the state says, is not looked at again; what is needed of it is.
    assert.deepEqual([resumed.code, JSON.parse(resumed.out).checked.logEntries.objects], [0, 0])
    await assert.rejects(access(path))
    await begin()
    const anew = await verify('--storage', store, '--state', path, '--restart', '--json')
    assert.deepEqual([anew.err, JSON.parse(anew.out).checked.logEntries.objects], ['', 1])
  })

  it('keeps a state when the check cannot go on, and says so', async () => {
    const path = join(folder, 'kept')
    const state = openState(await openStateFile(path, { subject: 'another store' }))
    state.close()
    const { code, err } = await verify('--storage', store, '--state', path)
    assert.equal(code, 2)
    assert.match(err, /is of another check: another store\nhint: .*--restart\n$/)
    await access(path)
  })

  it('finds no store where there is none', async () => {
    const files = join(folder, 'files/deep')
    await makeFile(files)
    const nowhere = await verify('--storage', join(folder, 'nowhere'))
    assert.deepEqual([nowhere.code, nowhere.err.split(' "')[0]], [3, 'aetherfs: There is no store at'])
    const other = await verify('--storage', join(folder, 'files'))
    assert.equal(other.code, 3)
    assert.match(other.err, /There is no store at ".*": no hub has written any of its 1 object\n/)
    assert.equal((await verify('--storage', 'memory:')).code, 2)
    assert.equal((await verify()).code, 3, 'the default store is not there')
  })

  it('refuses a folder and a store at once', async () => {
    for (const flags of [['--storage', store], ['--files'], ['--state', 'x'], ['--restart']]) {
      const { code, err } = await verify(folder, ...flags)
      assert.equal(code, 2)
      assert.match(err, new RegExp(`${flags[0]} is for stores, and a folder is named`))
    }
  })
})

async function makeFile(path: string): Promise<void> {
  const storage = await openStorage(path)
  await storage.put('README', Buffer.from('mine'))
  await storage.close()
}
