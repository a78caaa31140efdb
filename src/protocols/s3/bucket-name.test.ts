import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bucketOf, datasetsOf } from './bucket-name.ts'

describe('buckets', () => {
  it('are called as datasets are, with the scope in front', () => {
    assert.equal(bucketOf('geo'), 'geo')
    assert.equal(bucketOf('@team/geo'), 'team--geo')
  })

  it('mean the dataset without a scope first, then the shortest scope', () => {
    assert.deepEqual(datasetsOf('geo'), ['geo'])
    assert.deepEqual(datasetsOf('team--geo'), ['team--geo', '@team/geo'])
    assert.deepEqual(datasetsOf('a--b--c'), ['a--b--c', '@a/b--c', '@a--b/c'])
  })

  it('mean nothing where there can be no dataset', () => {
    for (const bucket of ['', 'Geo', 'a b', '@a', '..', '-a', 'a/b']) assert.deepEqual(datasetsOf(bucket), [], bucket)
    assert.deepEqual(datasetsOf('a---b'), ['a---b'])
    assert.deepEqual(datasetsOf('--a'), [])
  })
})
