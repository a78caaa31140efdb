import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkCollisions } from './collisions.ts'

const both = { foldsCase: true, foldsUnicode: true }

describe('checkCollisions', () => {
  const refused: [string, string[], Partial<typeof both>][] = [
    ['names that differ in case', ['readme', 'README'], { foldsCase: true }],
    ['folders that differ in case, however different what is in them', ['a/x', 'A/y'], { foldsCase: true }],
    ['a file and a folder', ['data', 'Data/x'], { foldsCase: true }],
    ['names that differ in how an accent is written', ['caf\u00e9', 'cafe\u0301'], { foldsUnicode: true }],
    ['letters whose upper case has another length', ['straße', 'STRASSE'], { foldsCase: true }],
    ['both at once', ['É', 'e\u0301'], both],
  ]
  for (const [what, paths, folds] of refused) {
    it(`refuses ${what}, and names them`, () => {
      const traits = { foldsCase: false, foldsUnicode: false, ...folds }
      assert.throws(() => checkCollisions(paths, traits), {
        code: 'conflict',
        message: new RegExp(paths[0]!.split('/')[0]!),
      })
      assert.doesNotThrow(() => checkCollisions(paths, { foldsCase: false, foldsUnicode: false }))
    })
  }

  it('takes different names and shared folders', () => {
    assert.doesNotThrow(() => checkCollisions(['a/b/c', 'a/b/d', 'a/bc', 'b/a', 'é', 'e'], both))
  })
})
