import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { mountAt, parseMountTable } from './mount-table.ts'

const TABLE = `22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw
42 22 0:39 / /srv/my\\040geo ro,nosuid - fuse.aetherfs localhost:8080/geo:latest ro,user_id=0
43 22 0:40 / /srv/my\\040geo rw shared:7 master:1 - tmpfs tmpfs rw
`

describe('parseMountTable', () => {
  it('reads mounts with and without optional fields, and names with spaces', () => {
    const [, geo, over] = parseMountTable(TABLE)
    const source = 'localhost:8080/geo:latest'
    assert.deepEqual(geo, { device: '0:39', path: '/srv/my geo', type: 'fuse.aetherfs', source })
    assert.equal(over?.type, 'tmpfs')
  })

  it('survives any text', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseMountTable(`${text} - ${text}`)))
  })
})

describe('mountAt', () => {
  it('finds what lies on top', () => {
    assert.equal(mountAt(parseMountTable(TABLE), '/srv/my geo')?.device, '0:40')
    assert.equal(mountAt(parseMountTable(TABLE), '/srv'), undefined)
  })
})
