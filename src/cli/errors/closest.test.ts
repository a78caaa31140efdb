import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { closest } from './closest.ts'

describe('closest', () => {
  it('finds what was meant', () => {
    assert.equal(closest('hots', ['host', 'ca', 'json']), 'host')
    assert.equal(closest('run.lisen', ['run.listen', 'host']), 'run.listen')
    assert.equal(closest('PlainHTTP', ['plainHttp']), 'plainHttp')
  })

  it('finds nothing when nothing is near', () => {
    assert.equal(closest('colour', ['host', 'ca']), undefined)
  })
})
