import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { type FileHash, sha256Hex } from '../../core/id.ts'
import { decodeListing, type Entry, encodeListing } from '../../core/listing.ts'
import type { Progress } from '../progress.ts'
import type { Tree } from './testing/memory-hub.fixture.ts'
import { createPulling, type Pulling } from './testing/pulling.fixture.ts'
import { file, noise, temporaryFolder } from './testing/trees.fixture.ts'
import { verifyAgainst, verifyFolder } from './verify-folder.ts'

const TREE: Tree = {
  'a/large': file(noise(1, 5_000_000)),
  'a/medium': file(noise(2, 200_000)),
  'a/small': file('small'),
  'b/empty': { kind: 'folder' },
  'b/link': { kind: 'link', target: '../a/small' },
  'b/tool': file('tool', { executable: true }),
  c: file('c'),
}

async function pulled(pulling: Pulling): Promise<string> {
  await pulling.hub.publish('@acme/db:latest', TREE)
  return (await pulling.pull('@acme/db')).path
}

function overwrite(path: string, bytes: string | Uint8Array): void {
  chmodSync(path, 0o644)
  writeFileSync(path, bytes)
  chmodSync(path, 0o444)
}

describe('verifyFolder', () => {
  it('finds a version as it was delivered, by whatever path', async (t) => {
    const pulling = createPulling(t)
    const link = await pulled(pulling)
    const { target, own } = pulling
    const snapshot = own('snapshots')
    for (const path of [
      target,
      join(target, '@acme'),
      join(target, '@acme/db'),
      link,
      `${link}/a`,
      `${link}/a/small`,
    ]) {
      const result = await verifyFolder(path)
      assert.deepEqual([result.ok, result.files, result.bytes, result.versions.length], [true, 5, 5_200_010, 1], path)
      assert.deepEqual(result.versions[0]!.links, ['@acme/db/latest'])
      assert.equal(result.versions[0]!.dataset, '@acme/db')
      assert.ok(result.versions[0]!.path.startsWith(snapshot))
    }
  })

  it('names everything that was changed, and how', async (t) => {
    const pulling = createPulling(t)
    const link = await pulled(pulling)
    const large = Buffer.from(noise(1, 5_000_000))
    large[4_000_000]! ^= 1
    overwrite(join(link, 'a/large'), large)
    overwrite(join(link, 'a/medium'), noise(2, 199_999))
    rmSync(join(link, 'a/small'))
    writeFileSync(join(link, 'b/empty/extra'), '')
    rmSync(join(link, 'b/link'))
    symlinkSync('/etc/passwd', join(link, 'b/link'))
    chmodSync(join(link, 'b/tool'), 0o444)
    rmSync(join(link, 'c'))
    mkdirSync(join(link, 'c/deep/er'), { recursive: true })
    mkdirSync(join(link, 'stray/deep'), { recursive: true })
    const result = await verifyFolder(link)
    const findings = result.versions[0]!.findings.map(({ path, problem }) => `${problem} ${path}`)
    const [expected, extra] = [findings.slice(0, 6), findings.slice(6).sort()]
    assert.deepEqual(expected, [
      'changed a/large',
      'changed a/medium',
      'missing a/small',
      'target b/link',
      'mode b/tool',
      'kind c',
    ])
    assert.deepEqual(extra, ['extra b/empty/extra', 'extra c/deep', 'extra stray'])
    assert.equal(result.ok, false)
    const target = result.versions[0]!.findings.find(({ problem }) => problem === 'target')!
    assert.deepEqual([target.expected, target.actual], ['../a/small', '/etc/passwd'])
  })

  it('follows no link that was put in the place of a folder', async (t) => {
    const pulling = createPulling(t)
    const link = await pulled(pulling)
    const moved = join(temporaryFolder(t), 'a')
    const result = await verifyFolder(link)
    renameSync(join(result.versions[0]!.path, 'a'), moved)
    symlinkSync(moved, join(result.versions[0]!.path, 'a'))
    const { ok, versions } = await verifyFolder(link)
    assert.equal(ok, false)
    assert.deepEqual(versions[0]!.findings, [{ path: 'a', problem: 'kind', expected: 'folder', actual: 'link' }])
  })

  it('verifies all versions of a target, and partial ones for what they have', async (t) => {
    const { hub, pull, target } = createPulling(t)
    await hub.publish('db:v1', TREE)
    await hub.publish('db:v2', { ...TREE, more: file('more') })
    await pull('db:v1', { include: ['a/'] })
    await pull('db:v2')
    const whole = await verifyFolder(target)
    assert.deepEqual([whole.ok, whole.versions.length, whole.files], [true, 2, 9])
    rmSync(join(target, 'db/v1/a/small'))
    const one = await verifyFolder(join(target, 'db/v1'))
    assert.deepEqual(one.versions[0]!.findings, [{ path: 'a/small', problem: 'missing' }])
    assert.equal((await verifyFolder(join(target, 'db/v2'))).ok, true)
  })

  it('says when a record is lost, and when there is nothing to verify', async (t) => {
    const pulling = createPulling(t)
    const link = await pulled(pulling)
    const { key } = { key: (await verifyFolder(link)).versions[0]!.digest }
    rmSync(pulling.own('records', key))
    const result = await verifyFolder(link)
    assert.deepEqual([result.ok, result.versions[0]!.known], [false, false])
    await assert.rejects(verifyFolder(temporaryFolder(t)), { code: 'not-found' })
    await assert.rejects(verifyFolder(join(link, 'absent')), { code: 'not-found' })
  })

  it('tells of its progress, and stops when it is asked to', async (t) => {
    const pulling = createPulling(t)
    const link = await pulled(pulling)
    const seen: Progress[] = []
    await verifyFolder(link, { onProgress: (progress) => seen.push({ ...progress }) })
    const { phase, bytes, totalBytes, files, totalFiles, done } = seen.at(-1)!
    assert.deepEqual([phase, bytes, totalBytes, files, totalFiles, done], ['verify', 5_200_010, 5_200_010, 5, 5, true])
    await assert.rejects(verifyFolder(link, { signal: AbortSignal.abort() }), { code: 'cancelled' })
  })
})

describe('verifyAgainst', () => {
  it('compares a plain folder with a listing', async (t) => {
    const { hub, pull } = createPulling(t)
    await hub.publish('db:latest', { a: file('a'), b: file('b') })
    const folder = join(temporaryFolder(t), 'out')
    await pull('db', { output: folder })
    const entry = (path: string, text: string): Entry => {
      return { kind: 'file', path, executable: false, size: text.length, hash: sha256Hex(text) as FileHash }
    }
    const listing = decodeListing(encodeListing([entry('a', 'a'), entry('b', 'B'), entry('c', 'c')]))
    const { findings, files } = await verifyAgainst(folder, listing)
    assert.deepEqual(
      findings.map(({ path, problem }) => [path, problem]),
      [
        ['b', 'changed'],
        ['c', 'missing'],
      ],
    )
    assert.equal(files, 3)
  })
})
