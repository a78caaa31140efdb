import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FieldOptionsSchema } from '@bufbuild/protobuf/wkt'
import { ListEntriesRequestSchema, PublishSnapshotRequestSchema } from '../../gen/aetherfs/v2/dataset_service_pb.ts'
import { HttpRuleSchema } from '../../gen/google/api/http_pb.ts'
import { parseQuery, queryFields } from './query.ts'

describe('queryFields', () => {
  it('are the plain ones that the path does not set', () => {
    assert.deepEqual(
      queryFields(ListEntriesRequestSchema, ['dataset', 'digest']).map((field) => field.name),
      ['prefix', 'page_size', 'page_token'],
    )
    assert.deepEqual(
      queryFields(PublishSnapshotRequestSchema, []).map((field) => field.name),
      ['dataset', 'record', 'receipts', 'reason'],
    )
    assert.ok(!queryFields(HttpRuleSchema, []).some((field) => field.name === 'additional_bindings'))
  })
})

describe('parseQuery', () => {
  const entries = queryFields(ListEntriesRequestSchema, [])
  const options = queryFields(FieldOptionsSchema, [])
  const publish = queryFields(PublishSnapshotRequestSchema, [])

  it('takes both names of a field, and plus signs for spaces', () => {
    assert.deepEqual(parseQuery('page_size=3&prefix=a+b%2B=%3d', entries), { pageSize: '3', prefix: 'a b+==' })
    assert.deepEqual(parseQuery('pageToken&&', entries), { pageToken: '' })
    assert.deepEqual(parseQuery('', entries), {})
  })

  it('gathers what is repeated in a list', () => {
    assert.deepEqual(parseQuery('receipts=a&reason=x&receipts=b', publish), { receipts: ['a', 'b'], reason: 'x' })
  })

  it('reads booleans, and enums by name or number', () => {
    assert.deepEqual(parseQuery('lazy=true&packed=false&ctype=CORD&jstype=1&targets=2', options), {
      lazy: true,
      packed: false,
      ctype: 'CORD',
      jstype: 1,
      targets: [2],
    })
  })

  it('refuses what it does not know, what is there twice and what is malformed', () => {
    for (const query of ['x=1', 'pageSize=1&page_size=1', 'prefix=%', '__proto__=1'])
      assert.throws(() => parseQuery(query, entries), { code: 'invalid' }, query)
    assert.throws(() => parseQuery('lazy=yes', options), { code: 'invalid' })
  })
})
