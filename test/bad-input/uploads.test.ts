// What a hub is sent over HTTP by those who do not use our client: blocks, receipts and records that lie. Nothing of it is
// stored where anybody could see it.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MAX_BLOCK } from '../../src/core/block.ts'
import { type Digest, formatDigest, sha256Hex } from '../../src/core/id.ts'
import { encodeRecord, type SnapshotRecord } from '../../src/core/record.ts'
import { RECEIPT_LIFETIME } from '../../src/hub/receipts.ts'
import { type BuiltSnapshot, buildSnapshot } from '../../src/hub/snapshot.fixture.ts'
import { blockOf, EVIL_BLOCKS, storedFrame } from '../testing/evil-blocks.fixture.ts'
import { EVIL_LISTINGS, recordOfListing } from '../testing/evil-records.fixture.ts'
import { startHub, type TestHub } from '../testing/hub.fixture.ts'
import { randomBytesOf } from '../testing/random.fixture.ts'
import { type Answer, publish, putBlock, sendAndCut, sendRaw } from '../testing/raw-call.fixture.ts'
import { listStore } from '../testing/stored.fixture.ts'
import { until } from '../testing/until.fixture.ts'

const one = await buildSnapshot({ 'a.txt': 'one', 'data.bin': randomBytesOf(100_000, 'one') })
const two = await buildSnapshot({ 'a.txt': 'two', 'data.bin': randomBytesOf(100_000, 'two') })
const BLOCK = blockOf(storedFrame(randomBytesOf(40_000, 'block')))
const BLOCK_ID = sha256Hex(BLOCK)

/** A hub that takes the header x-user for who somebody is. */
function startHubWithUsers(now?: () => number): Promise<TestHub> {
  return startHub({
    now,
    authenticate: (request) => ({ subject: request.headers['x-user']?.toString() ?? 'anonymous' }),
  })
}

async function uploadAll({ url }: TestHub, dataset: string, { blocks }: BuiltSnapshot): Promise<string[]> {
  const answers = await Promise.all(blocks.map(({ info, bytes }) => putBlock(url, dataset, info.id, bytes)))
  return answers.map(({ body }) => body.receipt as string)
}

function assertRefused(answer: Answer, status: number, code: string, words: RegExp, what = 'it'): void {
  assert.deepEqual([answer.status, answer.code], [status, code], `${what}: ${answer.message}`)
  assert.match(answer.message, words, what)
}

async function assertNothingPublished({ storage }: TestHub): Promise<void> {
  assert.deepEqual(await listStore(storage, 'datasets/'), [])
}

describe('blocks', () => {
  it('that lie are refused, each with what is wrong, and are not stored', async () => {
    await using hub = await startHub()
    for (const [what, { bytes, words }] of Object.entries(EVIL_BLOCKS)) {
      assertRefused(await putBlock(hub.url, 'geo', sha256Hex(bytes), bytes), 422, 'integrity', words, what)
    }
    assert.deepEqual(await listStore(hub.storage, 'blocks/'), [])
  })

  it('under the name of other bytes, or with any bit flipped, are refused', async () => {
    await using hub = await startHub()
    const wrong = await putBlock(hub.url, 'geo', sha256Hex('other'), BLOCK)
    assertRefused(wrong, 422, 'integrity', /its bytes have another SHA-256/)
    for (const place of [0, 20_000, BLOCK.length - 50, BLOCK.length - 17, BLOCK.length - 1]) {
      const flipped = Buffer.from(BLOCK)
      flipped[place]! ^= 1
      assertRefused(await putBlock(hub.url, 'geo', BLOCK_ID, flipped), 422, 'integrity', /another SHA-256/)
      assertRefused(await putBlock(hub.url, 'geo', sha256Hex(flipped), flipped), 422, 'integrity', /./, `byte ${place}`)
    }
    assertRefused(await putBlock(hub.url, 'geo', 'abc', BLOCK), 400, 'invalid', /block id/)
    assert.deepEqual(await listStore(hub.storage, 'blocks/'), [])
  })

  it('that are cut short, too long, or without a length are refused', async () => {
    await using hub = await startHub()
    const head = (more: string) =>
      `PUT /api/v2/datasets/geo/blocks/${BLOCK_ID} HTTP/1.1\r\nHost: ${hub.host}\r\n${more}\r\n\r\n`
    const announced = Buffer.from(head(`Content-Length: ${BLOCK.length}`))
    await sendAndCut(hub.url, Buffer.concat([announced, BLOCK.subarray(0, 9000)]))
    assert.match(
      await sendRaw(hub.url, head(`Content-Length: ${MAX_BLOCK + 1}\r\nConnection: close`)),
      /^HTTP\/1.1 413/,
    )
    assert.match(await sendRaw(hub.url, head('Transfer-Encoding: chunked\r\nConnection: close')), /^HTTP\/1.1 411/)
    assert.match(await sendRaw(hub.url, head('Content-Length: -1\r\nConnection: close')), /^HTTP\/1.1 400/)
    assert.match(await sendRaw(hub.url, head('Content-Length: 99999999999999999999')), /^HTTP\/1.1 4\d\d/)
    const good = await putBlock(hub.url, 'geo', BLOCK_ID, BLOCK) // the hub is as well as ever
    assert.equal(good.status, 201)
    await until(async () => (await listStore(hub.storage, 'blocks/')).length === 1, 'the block')
  })

  it('alone are no version of anything, nor can they be read', async () => {
    await using hub = await startHub()
    await uploadAll(hub, 'geo', one)
    await assertNothingPublished(hub)
    const address = `${hub.url}/api/v2/datasets/geo/snapshots/${formatDigest(one.record.digest)}/blocks/${one.blocks[0]!.info.id}`
    assert.equal((await fetch(address)).status, 404)
  })
})

describe('receipts', () => {
  const publishOne = (hub: TestHub, receipts: string[], user?: string, dataset = 'geo') =>
    publish(hub.url, { dataset, record: one.bytes, receipts }, user)

  it('that are forged, cut, joined or from elsewhere are refused', async () => {
    await using hub = await startHubWithUsers()
    await using other = await startHubWithUsers()
    const [receipt = ''] = await uploadAll(hub, 'geo', one)
    const [foreign = ''] = await uploadAll(other, 'geo', one)
    const [payload = '', signature = ''] = receipt.split('.')
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>
    const forged = (changes: object) =>
      `${Buffer.from(JSON.stringify({ ...claims, ...changes })).toString('base64url')}.${signature}`
    const bad = [
      foreign,
      payload,
      `${payload}.`,
      `.${signature}`,
      `${receipt.slice(0, -2)}`,
      'x'.repeat(10_000),
      '',
      '.',
      'ä',
    ]
    for (const changed of [...bad, forged({ dataset: 'other' }), forged({ expires: 9e15 }), forged({ size: 1 })]) {
      assertRefused(await publishOne(hub, [changed]), 403, 'denied', /not signed by a hub of this store/, changed)
    }
    await assertNothingPublished(hub)
    assert.equal((await publishOne(hub, [receipt])).status, 200)
  })

  it('of somebody else, for another dataset, or too old are refused', async () => {
    let time = Date.now()
    await using hub = await startHubWithUsers(() => time)
    const receipts = await uploadAll(hub, 'geo', one)
    assertRefused(await publishOne(hub, receipts, 'mallory'), 403, 'denied', /given to someone else/)
    assertRefused(await publishOne(hub, receipts, undefined, 'other'), 403, 'denied', /it is for the dataset "geo"/)
    time += RECEIPT_LIFETIME + 1
    assertRefused(await publishOne(hub, receipts), 403, 'denied', /it has expired/)
    await assertNothingPublished(hub)
  })
})

describe('records', () => {
  const LIES: Record<string, (record: SnapshotRecord) => Partial<SnapshotRecord>> = {
    'another digest': () => ({ digest: sha256Hex('x') as Digest }),
    'the listing of another': () => ({ listing: two.record.listing }),
    'a block with another tail': ({ blocks }) => ({ blocks: [{ ...blocks[0]!, tailHash: sha256Hex('x') }] }),
    'a block with another size': ({ blocks }) => ({ blocks: [{ ...blocks[0]!, size: blocks[0]!.size + 1 }] }),
    'no blocks': () => ({ blocks: [] }),
    'content that is shorter': ({ content }) => ({ content: { ...content, length: content.length - 1 } }),
    'content inline': ({ content }) => ({ content: { ...content, inline: Buffer.alloc(content.length) } }),
    'chunks beyond the block': ({ content }) => ({
      content: { ...content, extents: { ...content.extents, first: content.extents.first.map((n) => n + 1) } },
    }),
    'more chunks than the block has': ({ content }) => ({
      content: { ...content, extents: { ...content.extents, count: content.extents.count.map((n) => n + 9) } },
    }),
    'a block that the table has not': ({ content }) => ({
      content: { ...content, extents: { ...content.extents, block: content.extents.block.map(() => 7) } },
    }),
  }

  it('that lie about themselves are refused', async () => {
    await using hub = await startHub()
    const receipts = await uploadAll(hub, 'geo', one)
    for (const [what, change] of Object.entries(LIES)) {
      const record = encodeRecord({ ...one.record, ...change(one.record) })
      const answer = await publish(hub.url, { dataset: 'geo', record, receipts })
      assert.ok(
        ['invalid', 'integrity', 'denied'].includes(answer.code ?? ''),
        `${what}: ${answer.status} ${answer.message}`,
      )
      assert.notEqual(answer.message, '', what)
    }
    for (const bytes of [Buffer.alloc(0), Buffer.from('AFSR'), Buffer.from('AFSR\x02'), one.bytes.subarray(0, -5)]) {
      const answer = await publish(hub.url, { dataset: 'geo', record: bytes, receipts })
      assertRefused(answer, 400, 'invalid', /The snapshot record is malformed/)
    }
    await assertNothingPublished(hub)
  })

  it('that name blocks which the caller may not use are refused, whether or not the hub has them', async () => {
    await using hub = await startHub()
    await uploadAll(hub, 'geo', one)
    const words = /The record names block \w+, for which there is neither a receipt nor a base/
    const [theirs, nobodys] = [one, two].map(({ bytes }) => publish(hub.url, { dataset: 'mine', record: bytes }))
    assertRefused(await theirs!, 403, 'denied', words)
    assertRefused(await nobodys!, 403, 'denied', words)
    const bases = [{ dataset: 'geo', digest: formatDigest(one.record.digest) }] // a base that is not published
    assertRefused(
      await publish(hub.url, { dataset: 'mine', record: one.bytes, bases }),
      404,
      'not-found',
      /no snapshot/,
    )
    await assertNothingPublished(hub)
  })

  it('with names that leave the folder, come twice or are no names are refused', async () => {
    await using hub = await startHub()
    for (const [what, lines] of Object.entries(EVIL_LISTINGS)) {
      const record = recordOfListing(lines).bytes
      const answer = await publish(hub.url, { dataset: 'geo', record })
      assertRefused(answer, 400, 'invalid', /The listing is malformed|Cannot take the path/, what)
    }
    await assertNothingPublished(hub)
  })
})
