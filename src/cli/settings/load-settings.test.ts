import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { SLOWEST_RATE } from '../../client/transport/rate-limit.ts'
import { AetherError } from '../../core/errors.ts'
import { type FlagValue, loadSettings } from './load-settings.ts'
import type { SettingKey } from './settings.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aetherfs-settings-'))
})
after(() => rm(folder, { recursive: true }))

type Env = Record<string, string>

async function load({
  file,
  flags = {},
  env = {},
}: {
  file?: string
  flags?: Partial<Record<SettingKey, FlagValue>>
  env?: Env
}) {
  const configFile = file === undefined ? undefined : join(folder, 'config.yaml')
  if (configFile !== undefined) await writeFile(configFile, file!)
  const given = new Map(Object.entries(flags) as [SettingKey, FlagValue][])
  return loadSettings({ flags: given, env: { HOME: folder, ...env }, configFile, readsFile: true })
}

function rejects(promise: Promise<unknown>, message: RegExp, hint?: string): Promise<void> {
  return assert.rejects(promise, (error) => {
    assert.ok(error instanceof AetherError)
    assert.equal(error.code, 'invalid')
    assert.match(error.message, message)
    assert.equal(error.hint, hint)
    return true
  })
}

describe('loadSettings', () => {
  it('takes flags over environment over file over defaults', async () => {
    const file = 'host: file:1\nca: /file\npush: {concurrency: 7}\nrun:\n  listen: "[::1]:1"\n'
    const env = { AETHERFS_HOST: 'env:1', AETHERFS_CA: '/env', AETHERFS_RUN_LISTEN: '' }
    const settings = await load({ file, env, flags: { host: 'flag:1' } })
    assert.equal(settings.host, 'flag:1')
    assert.equal(settings.ca, '/env')
    assert.equal(settings['push.concurrency'], 7)
    assert.equal(settings['run.listen'], '[::1]:1', 'an empty variable counts as not set')
    assert.equal(settings['pull.keep'], 1)
  })

  it('lets a variable turn off what the file turns on', async () => {
    const settings = await load({ file: 'plainHttp: true\nprogress: false', env: { AETHERFS_PLAIN_HTTP: 'no' } })
    assert.equal(settings.plainHttp, false)
    assert.equal(settings.progress, false)
  })

  it('reads JSON too', async () => {
    const settings = await load({ file: '{"host": "hub.example.com", "run": {"allowedHosts": ["a", "b"]}}' })
    assert.equal(settings.host, 'hub.example.com')
    assert.deepEqual(settings['run.allowedHosts'], ['a', 'b'])
  })

  it('reads an empty file as no settings', async () => {
    assert.equal((await load({ file: '# nothing yet\n' })).host, 'localhost:8080')
  })

  it('starts relative paths in the file at the folder of the file', async () => {
    const settings = await load({ file: 'ca: hub.pem\nrun: {storage: data}' })
    assert.equal(settings.ca, join(folder, 'hub.pem'))
    assert.equal(settings['run.storage'], join(folder, 'data'))
  })

  it('reads hosts of one store, with spaces and without', async () => {
    assert.equal((await load({ flags: { host: 'a:1, [::1]:2' } })).host, 'a:1,[::1]:2')
    assert.equal((await load({ file: 'host: hub-1,hub-2' })).host, 'hub-1,hub-2')
  })

  it('reads bytes with their units', async () => {
    const cases: [string, number][] = [
      ['32768', 32_768],
      ['800K', 819_200],
      ['10m', 10_485_760],
      ['1.5GiB', 1_610_612_736],
      ['2MB', 2_000_000],
    ]
    for (const [text, bytes] of cases) assert.equal((await load({ flags: { bwlimit: text } })).bwlimit, bytes, text)
    assert.equal((await load({ file: 'pull: {rangeGap: 0}' }))['pull.rangeGap'], 0)
    assert.equal((await load({ file: 'pull: {rangeGap: 64K}' }))['pull.rangeGap'], 65_536)
    for (const text of ['1.5', '10MM', '-1M', '1e9', '10 M', 'iB', '2T', '9999G'])
      await assert.rejects(load({ flags: { bwlimit: text } }), { code: 'invalid' }, text)
  })

  it('leaves URLs of stores alone', async () => {
    assert.equal((await load({ file: 'run: {storage: "memory:"}' }))['run.storage'], 'memory:')
    assert.equal((await load({ flags: { 'run.storage': 'file:///srv' } }))['run.storage'], 'file:///srv')
  })

  it('collects lists from repeated flags, and from commas in a variable', async () => {
    assert.deepEqual((await load({ flags: { 'run.allowedHosts': ['a', 'b'] } }))['run.allowedHosts'], ['a', 'b'])
    assert.deepEqual((await load({ env: { AETHERFS_RUN_ALLOWED_HOSTS: 'a, b' } }))['run.allowedHosts'], ['a', 'b'])
  })

  it('looks at the usual place, with the XDG variable and without', async () => {
    for (const [base, env] of [
      ['.config', {}],
      ['xdg', { XDG_CONFIG_HOME: join(folder, 'xdg') }],
    ] as const) {
      await mkdir(join(folder, base, 'aetherfs'), { recursive: true })
      await writeFile(join(folder, base, 'aetherfs', 'config.yaml'), `host: ${base.replace('.', '')}:1`)
      assert.equal((await load({ env })).host, `${base.replace('.', '')}:1`)
    }
  })

  it('names the file and the key of a wrong value', async () => {
    await rejects(
      load({ file: 'run: {drainTimeout: soon}' }),
      /configuration file ".*config.yaml": run.drainTimeout: invalid input: expected int|expected number/,
    )
    await rejects(load({ file: 'run: {logLevel: loud}' }), /run.logLevel: .*"trace"\|"debug"/)
    await rejects(load({ file: '[1, 2]' }), /the document: .*expected object/)
  })

  it('asks whether a misspelt key meant another', async () => {
    await rejects(load({ file: 'hots: a' }), /unknown key "hots"/, 'Did you mean "host"?')
    await rejects(load({ file: 'run: {lisen: a}' }), /unknown key "run.lisen"/, 'Did you mean "run.listen"?')
  })

  it('names the file and the place of a syntax error', async () => {
    await rejects(load({ file: 'host: a\nhost: b' }), /config.yaml": Map keys must be unique at line 2/)
  })

  it('names the flag or the variable of a wrong value', async () => {
    await rejects(
      load({ flags: { 'push.concurrency': 'many' } }),
      /^Cannot use "many" for --concurrency: write a whole number from 1 to 64$/,
    )
    await rejects(
      load({ env: { AETHERFS_JSON: 'maybe' } }),
      /^Cannot use "maybe" for AETHERFS_JSON: write true or false$/,
    )
    const hosts = 'For example hub-1.example.com,hub-2.example.com:8443'
    await rejects(
      load({ flags: { host: 'http://127.0.0.1:8080/' } }),
      /for --host: write it without "http:\/\/": 127.0.0.1:8080$/,
      hosts,
    )
    await rejects(load({ env: { AETHERFS_HOST: 'a/b' } }), /for AETHERFS_HOST: write a host such as/, hosts)
    await rejects(load({ flags: { host: 'a:1,,b:2' } }), /"a:1,,b:2" for --host: write a host such as/, hosts)
    await rejects(load({ flags: { host: 'a:1,b:99999' } }), /for --host: port 99999 is not between 1 and 65535$/, hosts)
    await rejects(load({ flags: { host: 'a:1;b:2' } }), /for --host: "a:1;b:2" is no host$/, hosts)
    await rejects(
      load({ flags: { bwlimit: 'fast' } }),
      /"fast" for --bwlimit: write bytes as in 800K, 10M/,
      'For example 10M',
    )
    await rejects(load({ file: 'bwlimit: 1K' }), new RegExp(`": bwlimit: it has to be at least ${SLOWEST_RATE} bytes$`))
    await rejects(load({ file: 'host: https://hub:1' }), /": host: write it without "https:\/\/": hub:1$/)
    await rejects(load({ flags: { host: '' } }), /^Cannot use "" for --host: it is empty$/, hosts)
  })

  it('takes a file that was named and is not there as an error, and one that was not as none', async () => {
    const missing = loadSettings({
      flags: new Map(),
      env: { HOME: folder, AETHERFS_CONFIG: join(folder, 'none') },
      configFile: undefined,
      readsFile: true,
    })
    await assert.rejects(missing, { code: 'not-found', message: /There is no configuration file ".*none"/ })
    assert.equal((await load({ env: { XDG_CONFIG_HOME: join(folder, 'nowhere') } })).host, 'localhost:8080')
  })
})

describe('a flag whose value may be left out', () => {
  it('has one for that, and takes any other', async () => {
    assert.equal((await load({}))['run.nfs'], undefined)
    assert.equal((await load({ flags: { 'run.nfs': true } }))['run.nfs'], '127.0.0.1:2049')
    assert.equal((await load({ flags: { 'run.nfs': '[::1]:1' } }))['run.nfs'], '[::1]:1')
    assert.equal((await load({ env: { AETHERFS_RUN_NFS: 'a:2' } }))['run.nfs'], 'a:2')
  })
})
