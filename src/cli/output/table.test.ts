import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { COLOURED } from './style.ts'
import { formatPairs, formatTable } from './table.ts'

describe('formatTable', () => {
  it('aligns columns and ends no line in spaces', () => {
    const columns = [{ title: 'NAME' }, { title: 'SIZE', align: 'right' as const }, { title: 'BY' }]
    const rows = [
      ['a', '10 B', ''],
      ['longer', '1.0 KiB', 'me'],
    ]
    assert.deepEqual(formatTable(columns, rows), ['NAME       SIZE  BY', 'a          10 B', 'longer  1.0 KiB  me'])
  })

  it('does not count colours', () => {
    assert.deepEqual(
      formatPairs([
        [COLOURED.faint('a'), '1'],
        ['bb', '2'],
      ]),
      ['\x1b[2ma\x1b[22m   1', 'bb  2'],
    )
  })
})
