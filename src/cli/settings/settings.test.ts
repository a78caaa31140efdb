import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { environmentName } from './settings.ts'
import { cacheFolder, configFolder, dataFolder } from './xdg.ts'

describe('environmentName', () => {
  it('follows from the key', () => {
    assert.equal(environmentName('host'), 'AETHERFS_HOST')
    assert.equal(environmentName('run.tlsCert'), 'AETHERFS_RUN_TLS_CERT')
  })
})

describe('XDG folders', () => {
  it('follow the variables', () => {
    assert.equal(configFolder({ XDG_CONFIG_HOME: '/c', HOME: '/h' }), '/c/aetherfs')
    assert.equal(dataFolder({ XDG_DATA_HOME: '/d', HOME: '/h' }), '/d/aetherfs')
    assert.equal(cacheFolder({ XDG_CACHE_HOME: '/e', HOME: '/h' }), '/e/aetherfs')
  })

  it('have their usual places, also when a variable is relative', () => {
    assert.equal(configFolder({ HOME: '/h' }), '/h/.config/aetherfs')
    assert.equal(dataFolder({ XDG_DATA_HOME: 'd', HOME: '/h' }), '/h/.local/share/aetherfs')
    assert.equal(cacheFolder({ HOME: '/h' }), '/h/.cache/aetherfs')
  })
})
