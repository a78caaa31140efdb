import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { takeDataset } from './dataset-path.ts'
import { parseTemplate } from './path-template.ts'
import { decodePath } from './url-path.ts'

describe('takeDataset', () => {
  it('takes a plain name from one segment', () => {
    assert.deepEqual(takeDataset(['cities', 'tags']), { text: 'cities', segments: 1 })
  })

  it('takes a scoped name from two segments or one', () => {
    assert.deepEqual(takeDataset(['@geo', 'cities', 'tags']), { text: '@geo/cities', segments: 2 })
    assert.deepEqual(takeDataset(['@geo/cities', 'tags']), { text: '@geo/cities', segments: 1 })
  })

  it('takes no scope without a name', () => {
    for (const segments of [['@geo'], ['@geo', ''], [''], []]) assert.equal(takeDataset(segments), undefined)
  })
})

describe('parseTemplate', () => {
  const match = (template: string, path: string) => parseTemplate(template).match(decodePath(path))

  it('matches literals and variables segment by segment', () => {
    assert.deepEqual(match('/a/{b}/c', '/a/x/c'), { b: 'x' })
    for (const path of ['/a/x', '/a/x/d', '/a/x/c/', '/a//c', '/b/x/c'])
      assert.equal(match('/a/{b}/c', path), undefined, path)
  })

  it('decodes what variables hold, and not twice', () => {
    assert.deepEqual(match('/{tag}', '/1.0%2Bbuild'), { tag: '1.0+build' })
    assert.deepEqual(match('/{tag}', '/%252e'), { tag: '%2e' })
  })

  it('parts a verb from the last segment, and only that verb', () => {
    assert.deepEqual(match('/tags/{tag}:rollback', '/tags/latest:rollback'), { tag: 'latest' })
    assert.equal(match('/tags/{tag}:rollback', '/tags/latest'), undefined)
    assert.equal(match('/tags/{tag}:rollback', '/tags/:rollback'), undefined)
    assert.deepEqual(match('/{digest}', '/sha256:abc'), { digest: 'sha256:abc' })
  })

  it('lets a dataset span two segments', () => {
    for (const path of [
      '/d/@geo/cities/tags/t',
      '/d/%40geo/cities/tags/t',
      '/d/@geo%2Fcities/tags/t',
      '/d/%40geo%2Fcities/tags/t',
    ]) {
      assert.deepEqual(match('/d/{dataset}/tags/{tag}', path), { dataset: '@geo/cities', tag: 't' }, path)
    }
    assert.deepEqual(match('/d/{dataset}/tags', '/d/tags/tags'), { dataset: 'tags' })
    assert.equal(match('/d/{dataset}/tags', '/d/@geo/tags'), undefined)
    const nested = { 'tag.name': '@geo/cities', 'tag.version': 't' }
    assert.deepEqual(match('/d/{tag.name}/tags/{tag.version}', '/d/@geo/cities/tags/t'), nested)
  })

  it('gives {path} all that is left', () => {
    assert.deepEqual(match('/fs/{path}', '/fs/a/b%25/c'), { path: 'a/b%/c' })
    assert.deepEqual(match('/fs/{path}', '/fs/a/'), { path: 'a/' })
    assert.deepEqual(match('/fs/{path}', '/fs/'), { path: '' })
    assert.deepEqual(match('/fs/{path}', '/fs'), { path: '' })
    assert.equal(match('/fs/{path}', '/fs/a%2Fb'), undefined)
    assert.equal(match('/fs/{path}', '/f/a'), undefined)
  })

  it('refuses templates that it does not understand', () => {
    for (const template of ['a/b', '/{name=**}', '/{a..b}', '/{.a}', '/a*', '/{a}:b:c', '/{path}/a'])
      assert.throws(() => parseTemplate(template), SyntaxError, template)
  })
})

describe('decodePath', () => {
  it('refuses what could mean another place than it seems to', () => {
    for (const path of [
      '/a/../b',
      '/a/%2e%2E',
      '/.',
      '/a%00',
      '/a%0Ab',
      '/a%5Cb',
      '/%',
      '/%f',
      '/%ff',
      '/%c3%28',
      'a',
      '*',
    ])
      assert.throws(() => decodePath(path), { code: 'invalid' }, path)
  })

  it('decodes UTF-8', () => {
    assert.deepEqual(decodePath('/a/%C3%A4'), ['a', 'ä'])
  })
})
