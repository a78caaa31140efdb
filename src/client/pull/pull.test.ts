import assert from 'node:assert/strict'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { Progress } from '../progress.ts'
import type { Tree } from './testing/memory-hub.fixture.ts'
import { createPulling } from './testing/pulling.fixture.ts'
import { file, noise, shapeOfFolder, shapeOfTree, temporaryFolder } from './testing/trees.fixture.ts'

const MIB = 1024 * 1024

const FIRST: Tree = {
  'data/big.bin': file(noise(1, 3 * MIB)),
  'data/empty': { kind: 'folder' },
  'data/run.sh': file('#!/bin/sh\n', { executable: true }),
  'notes/a b\nc\\d.txt': file('odd name'),
  'notes/nothing': file(''),
  'notes/to-big': { kind: 'link', target: '../data/big.bin' },
  'ünï/𝄞': file(noise(2, 40_000)),
}

describe('pull', () => {
  it('delivers a first version whole: bytes, modes, times, links and empty folders', async (t) => {
    const { hub, pull, target } = createPulling(t)
    const digest = await hub.publish('db:latest', FIRST)
    const result = await pull('db')
    assert.equal(result.path, join(target, 'db/latest'))
    assert.deepEqual(shapeOfFolder(`${result.path}/`), shapeOfTree(FIRST))
    assert.equal(readlinkSync(result.path), `../.aetherfs/snapshots/${digest}`)
    assert.equal(result.digest, digest)
    assert.deepEqual([result.files, result.bytes], [5, 3 * MIB + 40_018])
    assert.deepEqual([result.reusedBytes, result.linkedFiles, result.unchanged, result.warnings], [0, 0, false, []])
  })

  it('links what did not change and fetches only the chunks that did', async (t) => {
    const { hub, pull, sentBytes } = createPulling(t)
    await hub.publish('@acme/db:latest', FIRST)
    const first = await pull('@acme/db')
    const inode = statSync(join(first.path, 'data/run.sh')).ino
    sentBytes()
    const big = Buffer.from((FIRST['data/big.bin'] as { bytes: Uint8Array }).bytes)
    big[2 * MIB]! ^= 1
    const second: Tree = { ...FIRST, 'data/big.bin': file(big), 'data/new': file('new') }
    await hub.publish('@acme/db:latest', second)
    const result = await pull('@acme/db')
    assert.deepEqual(shapeOfFolder(`${result.path}/`), shapeOfTree(second))
    assert.equal(statSync(join(result.path, 'data/run.sh')).ino, inode)
    assert.equal(result.linkedFiles, 4)
    assert.equal(result.previous, first.digest)
    const sent = sentBytes()
    assert.ok(sent < 300_000, `${sent} bytes were sent for one changed chunk`)
    assert.ok(result.reusedBytes > 2.7 * MIB)
  })

  it('does nothing when the link points there already', async (t) => {
    const { hub, pull } = createPulling(t)
    await hub.publish('db:latest', FIRST)
    await pull('db')
    const requests = hub.requests.length
    const again = await pull('db')
    assert.equal(again.unchanged, true)
    assert.deepEqual([again.files, again.bytes, again.downloadedBytes], [5, 3 * MIB + 40_018, 0])
    assert.equal(hub.requests.length, requests)
  })

  it('switches back to a version that is there without fetching anything', async (t) => {
    const { hub, pull } = createPulling(t)
    await hub.publish('db:latest', FIRST)
    await pull('db')
    await hub.publish('db:latest', { a: file('2') })
    await pull('db')
    await hub.publish('db:latest', FIRST)
    const requests = hub.requests.length
    const result = await pull('db')
    assert.equal(hub.requests.length, requests)
    assert.equal(result.unchanged, false)
    assert.deepEqual(shapeOfFolder(`${result.path}/`), shapeOfTree(FIRST))
  })

  it('keeps several tags and datasets beside each other, and shares files between them', async (t) => {
    const { hub, pull, target } = createPulling(t)
    await hub.publish('db:v1', FIRST)
    await hub.publish('db:v2', { ...FIRST, more: file('more') })
    await hub.publish('@acme/other:latest', { 'copy.bin': FIRST['data/big.bin']! })
    await pull('db:v1')
    await pull('db:v2')
    const { linkedFiles, downloadedBytes } = await pull('@acme/other')
    assert.equal(linkedFiles, 1)
    assert.ok(downloadedBytes < 2000)
    assert.deepEqual(shapeOfFolder(`${join(target, 'db/v1')}/`), shapeOfTree(FIRST))
    assert.equal(shapeOfFolder(`${join(target, '@acme/other/latest')}/`)['copy.bin']?.slice(0, 8), 'file 444')
  })

  it('names the folder of a digest "sha256-<digest>", and refuses a tag of that form', async (t) => {
    const { hub, pull, target } = createPulling(t)
    const digest = await hub.publish('db:latest', FIRST)
    const result = await pull(`db@sha256:${digest}`)
    assert.equal(result.path, join(target, `db/sha256-${digest}`))
    assert.equal(result.tag, undefined)
    await assert.rejects(pull(`db:sha256-${digest}`), { code: 'invalid' })
  })

  it('pulls a part into a folder of its own, and says when patterns match nothing', async (t) => {
    const { hub, pull, own } = createPulling(t)
    await hub.publish('db:latest', FIRST)
    const part = await pull('db', { include: ['notes/', 'data/empty/'], exclude: ['*nothing'] })
    assert.deepEqual(Object.keys(shapeOfFolder(`${part.path}/`)), ['data/empty', 'notes/a b\nc\\d.txt', 'notes/to-big'])
    assert.deepEqual([part.files, part.bytes], [1, 8])
    const whole = await pull('db')
    assert.deepEqual(shapeOfFolder(`${whole.path}/`), shapeOfTree(FIRST))
    assert.equal(whole.linkedFiles, 1)
    assert.equal(readdirSync(own('snapshots')).length, 2)
    await assert.rejects(pull('db', { include: ['absent'] }), { code: 'not-found' })
  })

  it('fetches no block for a part that has no bytes in it', async (t) => {
    const { hub, pull, sentBytes } = createPulling(t)
    await hub.publish('db:latest', FIRST)
    await pull('db', { include: ['data/empty/'] })
    assert.equal(sentBytes(), 0)
  })

  it('writes nothing in a dry run and foretells what a pull does', async (t) => {
    const { hub, pull, target } = createPulling(t)
    await hub.publish('db:latest', FIRST)
    const planned = await pull('db', { dryRun: true })
    assert.equal(existsSync(target), false)
    const done = await pull('db')
    const numbers = ({ downloadedBytes, blockRequests, reusedBytes, linkedFiles, files, bytes }: typeof done) => [
      ...[downloadedBytes, blockRequests, reusedBytes, linkedFiles, files, bytes],
    ]
    assert.deepEqual(numbers(planned), numbers(done))
    await hub.publish('db:latest', {
      ...FIRST,
      'data/big.bin': file(Buffer.concat([noise(7, 50_000), noise(1, 3 * MIB)])),
    })
    const before = readdirSync(target, { recursive: true }).length
    const update = await pull('db', { dryRun: true })
    assert.equal(readdirSync(target, { recursive: true }).length, before)
    assert.deepEqual(numbers(update), numbers(await pull('db')))
  })

  it('refuses what is in the way before it asks the hub', async (t) => {
    const { hub, pull, target } = createPulling(t)
    await hub.publish('db:latest', FIRST)
    hub.onRecord = () => assert.fail('asked')
    mkdirSync(join(target, 'db/latest'), { recursive: true })
    await assert.rejects(pull('db'), { code: 'conflict' })
    rmSync(join(target, 'db/latest'), { recursive: true })
    symlinkSync('/etc', join(target, 'db/latest'))
    await assert.rejects(pull('db'), { code: 'conflict' })
    rmSync(join(target, 'db'), { recursive: true })
    symlinkSync('/etc', join(target, 'db'))
    await assert.rejects(pull('db'), { code: 'conflict' })
    rmSync(join(target, 'db'))
    writeFileSync(join(target, 'db'), '')
    await assert.rejects(pull('db'), { code: 'conflict' })
  })

  it('removes nothing through a link in the place of its own folders', async (t) => {
    const { hub, pull, target, own } = createPulling(t)
    const elsewhere = temporaryFolder(t)
    writeFileSync(join(elsewhere, 'precious'), '')
    await hub.publish('db:latest', FIRST)
    mkdirSync(join(target, '.aetherfs'), { recursive: true })
    symlinkSync(elsewhere, own('trash'))
    await assert.rejects(pull('db'), { code: 'conflict' })
    assert.ok(existsSync(join(elsewhere, 'precious')))
  })

  it('copies what it cannot link because the executable bit differs', async (t) => {
    const { hub, pull, sentBytes } = createPulling(t)
    await hub.publish('db:latest', { tool: file(noise(3, 100_000)), same: file('same') })
    await pull('db')
    sentBytes()
    const second: Tree = { tool: file(noise(3, 100_000), { executable: true }), same: file('same') }
    await hub.publish('db:latest', second)
    const result = await pull('db')
    assert.deepEqual(shapeOfFolder(`${result.path}/`), shapeOfTree(second))
    assert.deepEqual([result.linkedFiles, sentBytes()], [1, 0])
  })

  it('fetches chunks once that the content has several times', async (t) => {
    const { hub, pull, sentBytes } = createPulling(t)
    const same = noise(4, 500_000)
    const tree: Tree = {
      a: file(same),
      b: file(same),
      c: file(Buffer.concat([same, noise(5, 10)])),
      d: file(same, { executable: true }),
    }
    await hub.publish('db:latest', tree)
    const result = await pull('db')
    assert.deepEqual(shapeOfFolder(`${result.path}/`), shapeOfTree(tree))
    assert.ok(sentBytes() < 700_000)
  })

  it('keeps the time that unchanged bytes were first delivered with', async (t) => {
    const { hub, pull } = createPulling(t)
    await hub.publish('db:latest', { a: file('a', { micros: 1_000_001 }), b: file('1') })
    await pull('db')
    await hub.publish('db:latest', { a: file('a', { micros: 2_000_002 }), b: file('2') })
    const { path } = await pull('db')
    assert.equal(Math.round(lstatSync(join(path, 'a')).mtimeMs * 1000), 1_000_001)
  })

  it('uses an old version as seed when its record is damaged no more than as if it were not there', async (t) => {
    const { hub, pull, own } = createPulling(t)
    const digest = await hub.publish('db:latest', FIRST)
    await pull('db')
    writeFileSync(own('records', digest), 'AFSK\x01 not any more')
    const second = { ...FIRST, more: file('more') }
    await hub.publish('db:latest', second)
    const result = await pull('db')
    assert.equal(result.linkedFiles, 0)
    assert.deepEqual(shapeOfFolder(`${result.path}/`), shapeOfTree(second))
  })

  it('fetches chunks of old versions whose tails were lost', async (t) => {
    const { hub, pull, own } = createPulling(t)
    await hub.publish('db:latest', FIRST)
    await pull('db')
    for (const name of readdirSync(own('tails'))) writeFileSync(own('tails', name), 'damaged')
    const second = { ...FIRST, 'data/big.bin': file(Buffer.concat([noise(1, 3 * MIB), noise(9, 9)])) }
    await hub.publish('db:latest', second)
    const result = await pull('db')
    assert.equal(result.linkedFiles, 4)
    assert.deepEqual(shapeOfFolder(`${result.path}/`), shapeOfTree(second))
  })

  it('reports phases in order, ending with what was done', async (t) => {
    const { hub, pull } = createPulling(t)
    await hub.publish('db:latest', FIRST)
    const seen: Progress[] = []
    await pull('db', { onProgress: (progress) => seen.push(progress) })
    const phases = [...new Set(seen.map(({ phase }) => phase))]
    assert.deepEqual(phases, ['resolve', 'download', 'sync'])
    const last = seen.findLast(({ phase }) => phase === 'download')!
    assert.deepEqual([last.bytes, last.files, last.done], [3 * MIB + 40_018, 5, true])
  })

  it('pulls listings too long for the record', async (t) => {
    const { hub, pull } = createPulling(t)
    const tree: Tree = {}
    for (let i = 0; i < 3000; i++) tree[`folder-${i % 7}/file-${i}`] = file(noise(i + 1, i % 300))
    await hub.publish('db:latest', tree)
    const { path } = await pull('db')
    assert.deepEqual(shapeOfFolder(`${path}/`), shapeOfTree(tree))
  })

  it('refuses names that collide on the file system, by name', async (t) => {
    const { hub, pull } = createPulling(t)
    await hub.publish('db:latest', { 'a/Readme': file('1'), 'a/README': file('2') })
    const probe = () => ({ foldsCase: true, foldsUnicode: true, keepsMicros: true, modeMask: 0o777 })
    await assert.rejects(pull('db', { probe }), { code: 'conflict', message: /"a\/README" and "a\/Readme"/ })
  })

  it('takes only options that make sense', async (t) => {
    const { pull } = createPulling(t)
    await assert.rejects(pull('db', { output: 'x', target: 'y' }), TypeError)
    await assert.rejects(pull('db', { keep: -1 }), RangeError)
    await assert.rejects(pull('absent'), { code: 'not-found' })
  })
})
