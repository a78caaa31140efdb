import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isAsListed, isSettled, stampOf } from './file-stamp.ts'

const NOW = 1_800_000_000_123.5

describe('isSettled', () => {
  it('trusts what is older than the clock of the file system is coarse', () => {
    assert.equal(isSettled(NOW - 251, NOW - 251, NOW), true)
    assert.equal(isSettled(NOW - 249, NOW - 5000, NOW), false)
    assert.equal(isSettled(NOW - 5000, NOW - 249, NOW), false)
  })
  it('waits longer where times have no part below the second', () => {
    const second = Math.floor(NOW / 1000) * 1000
    assert.equal(isSettled(second - 1000, second - 1000, NOW), false)
    assert.equal(isSettled(second - 2000, second - 2000, NOW), true)
  })
  it('trusts no time in the future', () => assert.equal(isSettled(NOW + 1e9, NOW - 1e9, NOW), false))
})

describe('stampOf', () => {
  const stat = { size: 10, mtimeMs: NOW, ctimeMs: NOW, ino: 77 }
  it('is equal for equal numbers', () => assert.equal(stampOf(stat), stampOf({ ...stat })))
  it('differs when any number does', () => {
    const others = [{ size: 11 }, { mtimeMs: NOW + 2 ** -12 }, { ctimeMs: NOW + 2 ** -12 }, { ino: 78 }]
    for (const other of others) assert.notEqual(stampOf({ ...stat, ...other }), stampOf(stat))
  })
  it('is short and has one byte for each character', () => assert.match(stampOf(stat), /^[\0-\xff]{32}$/))
})

describe('isAsListed', () => {
  const stat = { size: 10, mtimeMs: NOW, ctimeMs: NOW, ino: 77, nlink: 1 }
  const listed = stampOf(stat)

  it('takes a link that was made since for no change, and nothing else', () => {
    assert.ok(isAsListed(stat, listed))
    assert.ok(isAsListed({ ...stat, ctimeMs: NOW + 1, nlink: 2 }, listed))
    for (const other of [{ ctimeMs: NOW + 1 }, { size: 11 }, { mtimeMs: NOW + 1 }, { ino: 78 }]) {
      assert.ok(!isAsListed({ ...stat, ...other }, listed))
      if (!('ctimeMs' in other)) assert.ok(!isAsListed({ ...stat, ...other, ctimeMs: NOW + 1, nlink: 2 }, listed))
    }
  })
})
