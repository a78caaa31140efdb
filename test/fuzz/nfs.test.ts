// Fuzzing of what the NFS door reads from its clients: records that have come whole.
import assert from 'node:assert/strict'
import { after, describe } from 'node:test'
import { parseDatasetName, parseTagName } from '../../src/core/names.ts'
import { createHub } from '../../src/hub/create-hub.ts'
import { ANONYMOUS } from '../../src/hub/hub.ts'
import { hubTrees } from '../../src/hub/hub-tree.ts'
import { buildSnapshot } from '../../src/hub/snapshot.fixture.ts'
import { createExport } from '../../src/protocols/nfs/export.ts'
import { FOLDER_BYTES, READ_BYTES } from '../../src/protocols/nfs/limits.ts'
import { mountProgram } from '../../src/protocols/nfs/mount-program.ts'
import { nfsProgram } from '../../src/protocols/nfs/nfs-program.ts'
import { createNodes } from '../../src/protocols/nfs/nodes.ts'
import { createCallOpener, type SeenCall } from '../../src/protocols/nfs/open-call.ts'
import { createRecordAssembler } from '../../src/protocols/nfs/record-marking.ts'
import { createXdrReader } from '../../src/protocols/nfs/xdr-reader.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { fuzz } from './fuzz.fixture.ts'

/** Handles in the corpus are signed with this key. */
const KEY = new Uint8Array(32)
const hub = await createHub({ storage: createMemoryStorage() })
after(() => hub.close())
await publish()

const nodes = createNodes(hubTrees(hub)(ANONYMOUS), KEY)
const programs = [nfsProgram(nodes), mountProgram({ nodes, exported: createExport(undefined), onMount: () => {} })]
let seen: SeenCall | undefined
const open = createCallOpener(programs, (call) => {
  seen = call
})

async function publish(): Promise<void> {
  const dataset = parseDatasetName('geo')
  const { bytes, blocks } = await buildSnapshot({ 'a.txt': 'one', 'd/b.txt': 'two' })
  async function* body(part: Uint8Array) {
    yield part
  }
  const receipts = await Promise.all(
    blocks.map((block) => hub.uploadBlock(ANONYMOUS, dataset, block.info.id, block.bytes.length, body(block.bytes))),
  )
  const tags = [{ tag: parseTagName('latest'), expected: undefined }]
  await hub.publish(ANONYMOUS, { dataset, record: bytes, receipts, bases: [], tags, reason: '' })
}

describe('fuzzing', () => {
  fuzz('calls over NFS', {
    corpus: 'nfs-call',
    codes: ['invalid'],
    maxLength: 4096,
    async parse(bytes) {
      const reply = Buffer.concat(await open(bytes).answer(new AbortController().signal))
      assert.ok(reply.length < READ_BYTES + FOLDER_BYTES)
      assert.notEqual(seen?.outcome, 'internal', String(seen?.error?.stack))
      const [record] = createRecordAssembler(reply.length).push(reply)
      const results = createXdrReader(record!)
      assert.equal(results.u32(), bytes.readUInt32BE(0))
      assert.equal(results.u32(), 1)
    },
  })

  fuzz('records of NFS clients', {
    corpus: 'nfs-call',
    codes: ['too-large'],
    parse(bytes, random) {
      const assembler = createRecordAssembler(2000)
      for (let at = 0; at < bytes.length; ) {
        const end = at + random.int(1, 500)
        for (const record of assembler.push(bytes.subarray(at, end))) assert.ok(record.length <= 2000)
        at = end
      }
    },
  })
})
