import assert from 'node:assert/strict'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { connect } from 'node:tls'
import type { Tls } from '../../protocols/listener.ts'
import { OTHER_TEST_ONLY_TLS, TEST_ONLY_TLS } from '../../protocols/test-only-tls.fixture.ts'
import { COLOURED, PLAIN } from '../output/style.ts'
import { createTestWorld } from '../testing/test-world.fixture.ts'
import { checkExposure, parseListenAddress } from './listen-address.ts'
import { createLogger, prettyLine } from './logger.ts'

describe('parseListenAddress', () => {
  it('reads names, IPv4 and IPv6', () => {
    assert.deepEqual(parseListenAddress('127.0.0.1:0'), { host: '127.0.0.1', port: 0 })
    assert.deepEqual(parseListenAddress('[::1]:8080'), { host: '::1', port: 8080 })
    assert.deepEqual(parseListenAddress('localhost:1'), { host: 'localhost', port: 1 })
  })

  it('says what to write instead', () => {
    const hints: [string, RegExp][] = [
      ['8080', /Write 127.0.0.1:8080/],
      [':8080', /Write 127.0.0.1:8080/],
      ['::1:8080', /An IPv6 address stands in brackets/],
      ['localhost', /For example 127.0.0.1:8080/],
    ]
    for (const [text, hint] of hints) assert.throws(() => parseListenAddress(text), { code: 'invalid', hint })
    assert.throws(() => parseListenAddress('a:99999'), { message: /port 99999 is over 65535/ })
  })
})

describe('checkExposure', () => {
  it('lets a hub without authentication be reached from this machine only, unless told otherwise', () => {
    for (const host of ['127.0.0.1', '127.9.9.9', '::1', 'localhost']) checkExposure({ host, port: 0 }, false)
    for (const host of ['0.0.0.0', '::', '10.0.0.1', 'hub.example.com']) {
      assert.throws(() => checkExposure({ host, port: 0 }, false), { code: 'invalid', hint: /--allow-anonymous/ })
      checkExposure({ host, port: 0 }, true)
    }
  })
})

describe('createLogger', () => {
  function logged(options: { terminal: boolean; json?: boolean; level?: 'info' | 'warn' }): string {
    const world = createTestWorld({ terminal: options.terminal, env: { NO_COLOR: '1' } })
    const logger = createLogger(world, options.level ?? 'info', options.json ?? false)
    logger.info({ url: 'http://x' }, 'listening')
    return world.stderr.text()
  }

  it('writes JSON lines', () => {
    const { time, ...line } = JSON.parse(logged({ terminal: false }))
    assert.deepEqual(line, { level: 'info', url: 'http://x', msg: 'listening' })
    assert.match(time, /^\d{4}-\d\d-\d\dT.*Z$/)
    assert.equal(logged({ terminal: true, json: true })[0], '{')
  })

  it('writes short lines for people, and nothing below the level', () => {
    assert.match(logged({ terminal: true }), /^\d\d:\d\d:\d\d info {2}listening url=http:\/\/x\n$/)
    assert.equal(logged({ terminal: true, level: 'warn' }), '')
  })

  it('shows errors in colour, and control characters as text', () => {
    const line = JSON.stringify({ level: 'error', time: '2026-11-22T10:00:00.000Z', msg: 'a\nb' })
    assert.ok(prettyLine(line, COLOURED).includes('\x1b[31merror\x1b[39m'))
    assert.equal(prettyLine(line, PLAIN), '10:00:00 error a\\nb\n')
  })
})

describe('aetherfs run', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'aetherfs-run-'))
  })
  after(() => rm(folder, { recursive: true }))

  async function run(...argv: string[]) {
    const world = createTestWorld()
    const ended = world.run('run', '--storage', 'memory:', '--log-level', 'silent', ...argv)
    return { world, ended }
  }

  it('prints its address, answers, and ends with 0 on SIGTERM', async () => {
    const { world, ended } = await run('--listen', '127.0.0.1:0')
    const url = await firstLine(world.stdout.text)
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/)
    assert.equal((await fetch(`${url}/healthz`).catch(() => fetch(url))).status < 500, true)
    world.signal('SIGTERM')
    assert.equal(await ended, 0)
    await assert.rejects(fetch(url))
  })

  it('explains a port that is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    const { port } = other.address() as { port: number }
    const { world, ended } = await run('--listen', `127.0.0.1:${port}`)
    assert.equal(await ended, 8)
    assert.match(world.stderr.text(), /another program listens there\nhint: Is a hub running already\?/)
    other.close()
  })

  it('wants certificate and key, readable and of each other', async () => {
    const pem = join(folder, 'a.pem')
    await writeFile(pem, generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }))
    for (const [argv, code, message] of [
      [['--tls-cert', pem], 2, /TLS needs both a certificate and its key; there is only --tls-cert/],
      [['--tls-cert', join(folder, 'none'), '--tls-key', pem], 3, /Cannot read ".*none"/],
      [['--tls-cert', pem, '--tls-key', pem], 2, /There is no certificate in ".*a.pem"/],
    ] as const) {
      const { world, ended } = await run('--listen', '127.0.0.1:0', ...argv)
      assert.equal(await ended, code)
      assert.match(world.stderr.text(), message)
    }
  })
})

describe('aetherfs run with TLS', () => {
  it('reads its certificate again on SIGHUP, and keeps the one before when the pair does not fit', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'aetherfs-tls-'))
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
    const use = async (certificate: Tls, privateKey = certificate) => {
      await writeFile(cert, certificate.cert)
      await writeFile(key, privateKey.key)
    }
    await use(TEST_ONLY_TLS)
    const world = createTestWorld()
    const ended = world.run(
      'run',
      '--storage',
      'memory:',
      '--listen',
      '127.0.0.1:0',
      '--tls-cert',
      cert,
      '--tls-key',
      key,
    )
    const url = new URL(await firstLine(world.stdout.text))
    assert.equal(url.protocol, 'https:')
    assert.equal(await presented(url), fingerprint(TEST_ONLY_TLS))

    await use(OTHER_TEST_ONLY_TLS, TEST_ONLY_TLS)
    world.signal('SIGHUP')
    await until(() => world.stderr.text().includes('not read again'))
    assert.match(world.stderr.text(), /does not belong to the certificate/)
    assert.equal(await presented(url), fingerprint(TEST_ONLY_TLS))

    await use(OTHER_TEST_ONLY_TLS)
    world.signal('SIGHUP')
    await until(() => world.stderr.text().includes('certificate read again'))
    assert.equal(await presented(url), fingerprint(OTHER_TEST_ONLY_TLS))

    world.signal('SIGINT')
    assert.equal(await ended, 0)
    await rm(folder, { recursive: true })
  })
})

function fingerprint({ cert }: Tls): string {
  return new X509Certificate(cert).fingerprint256
}

/** The certificate that the hub shows to who connects now. */
async function presented({ hostname, port }: URL): Promise<string> {
  const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const { fingerprint256 } = socket.getPeerCertificate()
  socket.destroy()
  return fingerprint256
}

/** Waits, turn by turn of the event loop, until there is a line. */
async function firstLine(text: () => string): Promise<string> {
  await until(() => text().includes('\n'))
  return text().split('\n')[0]!
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}
