import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createEntryFilter, createPathFilter } from './filter.ts'

const NONE = { include: [], exclude: [] }

describe('createPathFilter', () => {
  it('takes everything without patterns', () => {
    const takes = createPathFilter(NONE)
    assert.ok(takes('a/b.csv') && takes('a/'))
  })
  it('takes only what an include matches, by itself or by a folder above', () => {
    const takes = createPathFilter({ include: ['*.csv', '/data/'], exclude: [] })
    assert.deepEqual(['a/b.csv', 'data/x', 'a/data/x', 'b.txt', 'data'].filter(takes), ['a/b.csv', 'data/x'])
  })
  it('lets excludes win over includes', () => {
    const takes = createPathFilter({ include: ['*.csv'], exclude: ['old/'] })
    assert.deepEqual(['a.csv', 'old/a.csv', 'old'].filter(takes), ['a.csv'])
  })
  it('takes back an exclude with "!", but not below a folder that is excluded', () => {
    const takes = createPathFilter({ include: [], exclude: ['*.log', '!keep.log', 'tmp/', '!tmp/keep.log'] })
    assert.deepEqual(['a.log', 'keep.log', 'tmp/keep.log'].filter(takes), ['keep.log'])
  })
  it('minds upper and lower case', () => assert.ok(createPathFilter({ include: [], exclude: ['*.TMP'] })('a.tmp')))
  it('tells a folder from a file by the slash', () => {
    const takes = createPathFilter({ include: [], exclude: ['build/'] })
    assert.deepEqual(['build', 'build/', 'build/x'].filter(takes), ['build'])
  })
  it('answers the same after it forgot what it was asked', () => {
    const takes = createPathFilter({ include: [], exclude: ['x7'] })
    for (let i = 0; i < 45_000; i++) takes(`f${i}`)
    assert.deepEqual(['x7', 'x7/y', 'x8'].filter(takes), ['x8'])
  })
})

describe('createEntryFilter', () => {
  const excluded = (folder: string, text: string, list: string[], exclude: string[] = []) =>
    list.filter(createEntryFilter({ include: [], exclude }).within(folder, text).excludes)

  it('holds the patterns of an ignore file to its folder', () => {
    const list = ['x.tmp', 'a/x.tmp', 'a/b/x.tmp', 'ab/x.tmp']
    assert.deepEqual(excluded('a', '*.tmp\n', list), ['a/x.tmp', 'a/b/x.tmp'])
    assert.deepEqual(excluded('', '*.tmp\n', list), list)
  })
  it('ties patterns with a slash to the folder itself', () => {
    const list = ['a/x', 'a/b/x', 'a/c/x', 'a/b/c/x', 'x']
    assert.deepEqual(excluded('a', '/x\n', list), ['a/x'])
    assert.deepEqual(excluded('a', 'c/x\n', list), ['a/c/x'])
    assert.deepEqual(excluded('a', '**/x\n', list), ['a/x', 'a/b/x', 'a/c/x', 'a/b/c/x'])
  })
  it('passes over comments, blank lines, a byte order mark and line ends of Windows', () => {
    assert.deepEqual(excluded('a', '\uFEFF# x\r\n\r\n!\r\n/\r\ny\r\n', ['a/x', 'a/y', 'a/# x', 'a/d/']), ['a/y'])
    assert.deepEqual(excluded('', '\uFEFFx\r\n#y\r\n', ['x', 'y', '#y']), ['x'])
  })
  it('knows escapes in patterns, and wildcards in the name of the folder as plain characters', () => {
    assert.deepEqual(excluded('a[1]*', '\\#x\n\\!y\n', ['a[1]*/#x', 'a[1]*/!y', 'a1b/#x']), ['a[1]*/#x', 'a[1]*/!y'])
  })
  it('lets inner files speak over outer ones, and the command line over both', () => {
    const filter = (exclude: string[]) =>
      createEntryFilter({ include: [], exclude }).within('', '*.log\n').within('a', '!keep.log\n')
    const list = ['keep.log', 'a/keep.log', 'a/x.log']
    assert.deepEqual(list.filter(filter([]).excludes), ['keep.log', 'a/x.log'])
    assert.deepEqual(list.filter(filter(['a/keep.log', '!a/x.log']).excludes), ['keep.log', 'a/keep.log'])
  })
})
