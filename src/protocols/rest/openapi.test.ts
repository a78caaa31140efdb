// The committed description of the REST API: valid, up to date, and served.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { generate, readFiles } from '../../../scripts/generate.ts'
import { startServer } from '../server.fixture.ts'

type Document = Record<string, unknown> & {
  paths: Record<string, Record<string, { operationId: string; description: string; parameters: object[] }>>
  components: { schemas: Record<string, object> }
}

describe('src/gen', () => {
  it('is what "npm run generate" writes', async () => {
    const fresh = await mkdtemp(join(tmpdir(), 'aetherfs-gen-'))
    after(() => rm(fresh, { recursive: true }))
    await generate(fresh)
    assert.deepEqual(await readFiles(join(import.meta.dirname, '../../gen')), await readFiles(fresh))
  })
})

describe('the OpenAPI document', async () => {
  const { url } = await startServer()
  const response = await fetch(`${url}/api/openapi.json`)
  const document = (await response.json()) as Document

  it('is valid', async () => {
    assert.equal(response.headers.get('content-type'), 'application/json')
    const { valid, errors } = await new Validator().validate(document)
    assert.ok(valid, JSON.stringify(errors))
  })

  it('describes every route under /api/v2 that the server has, with comments', () => {
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path))
    const ids = operations.map((operation) => operation.operationId).sort()
    const service = [
      'deleteTag',
      'getSnapshot',
      'getTag',
      'listDatasets',
      'listEntries',
      'listLog',
      'listTags',
      'moveTag',
      'publishSnapshot',
      'rollBackTag',
    ]
    assert.deepEqual(ids, [...service, 'readBlock', 'readDelta', 'readRecord', 'sendDelta', 'uploadBlock'].sort())
    assert.ok(operations.every((operation) => operation.description.length > 10))
    assert.match(JSON.stringify(document.components.schemas.Tag), /Digest of the snapshot/)
  })

  it('names paths that the server answers', async () => {
    const values: Record<string, string> = {
      dataset: '@geo/cities',
      tag: 'latest',
      digest: `sha256:${'0'.repeat(64)}`,
      id: '0'.repeat(64),
      from: `sha256:${'0'.repeat(64)}`,
      to: `sha256:${'1'.repeat(64)}`,
    }
    for (const [path, operations] of Object.entries(document.paths)) {
      const address = url + path.replace(/\{(\w+)\}/g, (_, name: string) => values[name]!)
      const allow = (await fetch(address, { method: 'OPTIONS' })).headers.get('allow')
      for (const verb of Object.keys(operations)) assert.match(allow!, new RegExp(verb.toUpperCase()), path)
    }
  })
})
