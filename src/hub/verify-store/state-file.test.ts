import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { soundOutcome } from './outcome.ts'
import { openState, type VerifyState } from './state.ts'
import { explainState, openStateFile, removeState } from './state-file.ts'
import { objectOf } from './store-object.ts'

const KEY = 'access/receipt-key'

describe('the state of a check', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'aetherfs-state-'))
  })
  after(() => rm(folder, { recursive: true }))

  async function open(name: string, subject = 'a store', restart = false): Promise<VerifyState> {
    return openState(await openStateFile(join(folder, name), { subject, restart }))
  }

  it('is there again after it was closed, and gone when it is removed', async () => {
    const first = await open('deeper/kept')
    assert.equal(first.resumed, false)
    first.put({
      ...soundOutcome(objectOf(KEY)!),
      findings: [{ object: objectOf(KEY)!, problem: 'damaged', reason: 'x' }],
    })
    first.reached({ key: KEY, counted: { kind: 'receipt-key', bytes: 32 } })
    first.close()
    const second = await open('deeper/kept')
    assert.ok(second.resumed && second.isBad(KEY))
    assert.deepEqual([second.position(), second.phase(), second.bytesDone()], [KEY, 'all', 32])
    assert.equal(second.begun, first.begun)
    second.lookAgain()
    assert.deepEqual([second.phase(), second.nextSuspect()], ['again', KEY])
    second.close()
    await removeState(join(folder, 'deeper/kept'))
    assert.deepEqual(await readdir(join(folder, 'deeper')), [])
  })

  it('begins anew when that is wanted', async () => {
    const first = await open('anew')
    first.reached({ key: KEY })
    first.close()
    const second = await open('anew', 'another store', true)
    assert.deepEqual([second.resumed, second.position()], [false, ''])
    second.close()
  })

  it('is not taken for that of another check', async () => {
    ;(await open('other')).close()
    await assert.rejects(open('other', 'another store'), {
      code: 'invalid',
      message: /of another check: a store$/,
      hint: /--restart/,
    })
  })

  it('is of one check at a time', async () => {
    const first = await open('busy')
    await assert.rejects(open('busy'), { code: 'unavailable', message: /another check works with it/ })
    await assert.rejects(open('busy', 'a store', true), { code: 'unavailable' })
    first.close()
    ;(await open('busy')).close()
  })

  it('never takes the place of another file', async () => {
    for (const [name, bytes] of [
      ['short', Buffer.from('my diary')],
      ['long', Buffer.alloc(5000, 'diary')],
    ] as const) {
      await writeFile(join(folder, name), bytes)
      for (const restart of [false, true]) {
        await assert.rejects(open(name, 'a store', restart), { code: 'invalid', message: /another kind of file/ })
        assert.deepEqual(await readFile(join(folder, name)), bytes)
      }
    }
  })

  it('says when it is damaged, and begins anew then when that is wanted', async () => {
    ;(await open('damaged')).close()
    const path = join(folder, 'damaged')
    await truncate(path, 9000)
    await assert.rejects(open('damaged'), { code: 'invalid', message: /it is damaged/, hint: /--restart/ })
    ;(await open('damaged', 'a store', true)).close()
    ;(await open('damaged')).close()
  })

  it('explains a full disk', async () => {
    const { database } = await openStateFile(join(folder, 'full'), { subject: 'a store' })
    database.exec('PRAGMA max_page_count = 30')
    try {
      assert.throws(
        () => {
          for (let i = 0; i < 1000; i++)
            database.prepare('INSERT INTO unknown VALUES (?)').run(`${i}`.padStart(900, 'x'))
        },
        (error) => {
          assert.equal((explainState(error, 'f') as { code: string }).code, 'no-space')
          return true
        },
      )
    } finally {
      database.close()
    }
  })

  it('is whole after every kill', async () => {
    // What is written but not committed is lost, and nothing else: the file is copied as a kill would leave it.
    const first = await open('killed')
    for (let i = 0; i < 50; i++) first.reached({ key: `key-${String(i).padStart(3, '0')}` })
    for (const suffix of ['', '-wal'])
      await writeFile(join(folder, `copy${suffix}`), await readFile(join(folder, `killed${suffix}`)))
    first.close()
    const copy = await open('copy')
    assert.match(copy.position(), /^(key-0\d\d)?$/)
    copy.close()
  })
})
