import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { pino } from 'pino'
import { AetherError } from '../../core/errors.ts'
import { createTestWorld } from '../testing/test-world.fixture.ts'
import { createFailureLog } from './failure-log.ts'
import { prepareMountPoint } from './mount-point.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aetherfs-mount-'))
})
after(() => rm(folder, { recursive: true }))

const at = (name: string) => join(folder, name)

describe('prepareMountPoint', { skip: process.platform === 'linux' ? false : 'only Linux mounts' }, () => {
  const prepare = (name: string) => prepareMountPoint(at(name), () => assert.fail('nothing was to be cleared away'))

  it('takes an empty folder, and follows links to it', async () => {
    await mkdir(at('empty'))
    await symlink('empty', at('link'))
    assert.equal(await prepare('empty/'), await prepare('link'))
  })

  it('refuses what is not there, no folder, or not empty', async () => {
    await mkdir(at('full/er'), { recursive: true })
    await writeFile(at('file'), '')
    const hints: [string, string, RegExp][] = [
      ['none', 'not-found', /mkdir -p /],
      ['none/below', 'not-found', /mkdir -p /],
      ['file', 'invalid', /Name an empty folder/],
      ['file/below', 'not-found', /mkdir -p /],
      ['full', 'conflict', /A mount hides/],
    ]
    for (const [name, code, hint] of hints) await assert.rejects(prepare(name), { code, hint }, name)
  })
})

describe('aetherfs mount', () => {
  it('says what is wrong before it does anything', async () => {
    const cases: [string[], number, RegExp][] = [
      [['geo'], 2, /Missing required argument "folder"/],
      [['geo:', at('none')], 2, /the tag after ":" is empty/],
      [['team/geo', at('none')], 2, /could be a host or a scope/],
      [['geo', at('none')], 3, /There is no folder/],
    ]
    for (const [argv, code, words] of cases) {
      const world = createTestWorld()
      assert.equal(await world.run('mount', '--foreground', ...argv), code, argv.join(' '))
      assert.match(world.stderr.text(), words)
    }
  })
})

describe('createFailureLog', () => {
  it('writes one line for each kind in a while, and how many it left out', () => {
    const lines: Record<string, unknown>[] = []
    let now = 0
    const log = createFailureLog(pino({}, { write: (line: string) => lines.push(JSON.parse(line)) }), () => now)
    const away = () => log(new AetherError('unavailable', 'The hub is away', { cause: new Error('ECONNREFUSED') }))
    for (let i = 0; i < 5; i++) away()
    log(new AetherError('integrity', 'Bytes are wrong'))
    now += 60_000
    away()
    assert.deepEqual(
      lines.map(({ msg, cause, more }) => [msg, cause, more]),
      [
        ['The hub is away', 'ECONNREFUSED', 0],
        ['Bytes are wrong', undefined, 0],
        ['The hub is away', 'ECONNREFUSED', 4],
      ],
    )
  })
})
