import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TimedEntry } from '../core/dataset.ts'
import type { FileHash } from '../core/id.ts'
import { diffListings } from './diff.ts'

const file = (path: string, hash = 'h', executable = false): TimedEntry => ({
  kind: 'file',
  path,
  executable,
  size: 1,
  hash: hash as FileHash,
  modifiedMicros: Math.random(),
})
const folder = (path: string): TimedEntry => ({ kind: 'folder', path, modifiedMicros: 0 })
const link = (path: string, target: string): TimedEntry => ({ kind: 'link', path, target, modifiedMicros: 0 })
const changes = (a: TimedEntry[], b: TimedEntry[]) =>
  [...diffListings(a, b)].map(({ path, change }) => `${change} ${path}`)

describe('diffListings', () => {
  it('names what was added, removed and changed, in order', () => {
    assert.deepEqual(
      changes([file('a'), file('b'), file('d'), folder('e')], [file('b', 'other'), file('c'), file('d'), file('e')]),
      ['removed a', 'changed b', 'added c', 'changed e'],
    )
  })
  it('looks at executable bits and targets, not at times', () => {
    assert.deepEqual(
      changes([file('a'), link('l', 'x'), link('m', 'x')], [file('a', 'h', true), link('l', 'x'), link('m', 'y')]),
      ['changed a', 'changed m'],
    )
  })
  it('finds nothing between a listing and itself', () =>
    assert.deepEqual(changes([file('a'), folder('b')], [file('a'), folder('b')]), []))
})
