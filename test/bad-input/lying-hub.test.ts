// A hub that is not what it seems: names that leave the folder, names that are one on this file system, answers that make
// no sense. Nothing of it gets into the folder of whoever pulls.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { connect } from '../../src/client/index.ts'
import { pull } from '../../src/client/pull/pull.ts'
import { createHttpConnection } from '../../src/client/transport/http-connection.ts'
import { parseDatasetName, parseTagName } from '../../src/core/names.ts'
import { parseReference } from '../../src/core/reference.ts'
import { createTagStore } from '../../src/hub/tag-store.ts'
import { keys } from '../../src/storage/keys.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { codeOf, fails } from '../testing/codes.fixture.ts'
import { EVIL_LISTINGS, recordOfListing } from '../testing/evil-records.fixture.ts'
import { startHub } from '../testing/hub.fixture.ts'
import { temporaryFolder } from '../testing/temporary-folder.fixture.ts'
import { file, treeOf, writeTree } from '../testing/tree.fixture.ts'
import { openWorld } from '../testing/world.fixture.ts'

const GEO = parseDatasetName('geo')

/** A store in which somebody has put what no hub takes. */
async function storeWith(lines: readonly string[]) {
  const storage = createMemoryStorage()
  const { digest, bytes } = recordOfListing(lines)
  await storage.put(keys.snapshot(GEO, digest), bytes)
  const change = {
    dataset: GEO,
    name: parseTagName('latest'),
    to: digest,
    who: 'mallory',
    reason: '',
    action: 'push' as const,
  }
  await createTagStore(storage, Date.now).swap(change, undefined)
  return storage
}

describe('a hub with names that leave the folder, come twice or are no names', () => {
  for (const [what, lines] of Object.entries(EVIL_LISTINGS)) {
    it(`${what}: nothing is pulled, opened or written`, async () => {
      await using folder = await temporaryFolder()
      await using hub = await startHub({ storage: await storeWith(lines) })
      const client = connect({ host: hub.host, cacheFolder: folder.at('cache') })
      await assert.rejects(client.pull(folder.at('in/target'), ['geo']), fails('integrity', /cannot be read|malformed/))
      await assert.rejects(client.pull('', ['geo'], { output: folder.at('in/plain') }), fails('integrity'))
      await assert.rejects(client.open('geo'), fails('integrity'))
      assert.ok(!existsSync(folder.at('in/target/geo')) && !existsSync(folder.at('in/plain')))
      assert.ok(!existsSync(folder.at('evil')) && !existsSync(folder.at('in/evil')) && !existsSync('/tmp/evil'))
      client.close()
    })
  }
})

describe('names that are one on the file system', () => {
  const TREES = {
    case: { 'Readme.txt': file('a'), 'README.txt': file('b') },
    'case of folders': { 'Data/one': file('a'), 'data/two': file('b') },
    'Unicode form': { 'caf\u00e9': file('a'), 'cafe\u0301': file('b') },
  }

  for (const [what, tree] of Object.entries(TREES)) {
    it(`but for their ${what} are refused by name, and the old version stays`, async () => {
      await using world = await openWorld()
      await writeTree(world.at('one'), { a: file('one') })
      await writeTree(world.at('two'), tree)
      await world.client.push(world.at('one'), ['geo'])
      const [before] = await world.client.pull(world.at('target'), ['geo'])
      await world.client.push(world.at('two'), ['geo'])
      const connection = createHttpConnection(world.hub.host)
      const options = { connection, reference: parseReference('geo'), target: world.at('target') }
      const probe = () => ({ foldsCase: true, foldsUnicode: true, keepsMicros: true, modeMask: 0o777 })
      await assert.rejects(
        pull(options, { probe }),
        fails('conflict', /Cannot write both ".*" and ".*": they are one name/),
      )
      assert.deepEqual(await treeOf(before!.path), await treeOf(world.at('one')))
      const [after] = await world.client.pull(world.at('target'), ['geo']) // here they are two
      assert.deepEqual(await treeOf(after!.path), await treeOf(world.at('two')))
      connection.close()
    })
  }
})

describe('a hub that answers nonsense', () => {
  const ANSWERS: Record<string, { answer: RequestListener; code: RegExp }> = {
    'a page of HTML': { answer: (_, res) => res.end('<html>'), code: /^(integrity|unavailable|invalid)$/ },
    nothing: { answer: (req) => req.socket.destroy(), code: /^unavailable$/ },
    'half an answer': {
      answer(_, res) {
        res.writeHead(200, { 'content-length': '1000' })
        res.write('half', () => res.destroy())
      },
      code: /^unavailable$/,
    },
    'an endless answer': {
      answer(_, res) {
        res.writeHead(200, { 'content-length': String(2 ** 40) })
        res.write('x')
      },
      code: /^integrity$/,
    },
    'an error of its own': { answer: (_, res) => res.writeHead(418).end('I am a teapot'), code: /^internal$/ },
    'another door': { answer: (_, res) => res.writeHead(302, { location: '/' }).end(), code: /./ },
    'an error with a strange body': {
      answer: (_, res) => res.writeHead(503).end('{"errors":[{"code":7,"message":{}}],"details":[null]}'),
      code: /^unavailable$/,
    },
    'a broken error detail': {
      answer: (_, res) =>
        res.writeHead(404).end('{"details":[{"type":"aetherfs.v2.ErrorDetail","value":"////"}],"code":"not_found"}'),
      code: /^not-found$/,
    },
  }

  for (const [what, { answer, code }] of Object.entries(ANSWERS)) {
    it(`${what}: an error with a code, and nothing is written`, async () => {
      await using folder = await temporaryFolder()
      await using host = await listen(answer)
      const client = connect({ host: host.name, cacheFolder: folder.at('cache'), retryForMs: 0 })
      assert.match(await codeOf(client.pull(folder.at('target'), ['geo'])), code)
      assert.match(await codeOf(client.resolve('geo')), code)
      await writeTree(folder.at('source'), { a: file('a') })
      assert.notEqual(await codeOf(client.push(folder.at('source'), ['geo:v1'])), 'done')
      assert.ok(!existsSync(folder.at('target/geo')))
      client.close()
    })
  }
})

async function listen(answer: RequestListener): Promise<AsyncDisposable & { name: string }> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = async () => {
    server.closeAllConnections()
    server.close()
  }
  return { name: `127.0.0.1:${(server.address() as AddressInfo).port}`, [Symbol.asyncDispose]: close }
}
