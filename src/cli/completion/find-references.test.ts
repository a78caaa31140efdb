import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Client } from '../../client/client.ts'
import type { DatasetName } from '../../core/names.ts'
import { stream, tagInfo } from '../testing/samples.fixture.ts'
import { findReferences } from './find-references.ts'

const NAMES = ['@team/maps', 'geo', 'geology'] as DatasetName[]
const client = {
  datasets: ({ host, prefix = '' } = {}) =>
    stream(...NAMES.filter((name) => name.startsWith(prefix) && host !== 'none:1')),
  tags: (reference) => stream(tagInfo('latest'), tagInfo(reference.includes('h:1') ? 'far' : 'v1')),
} as Partial<Client> as Client

async function find(word: string, host?: string): Promise<string[]> {
  const found = await findReferences(client, word, host, new AbortController().signal)
  return found.map(({ value }) => value)
}

describe('findReferences', () => {
  it('finds datasets, and the tags of the only one', async () => {
    assert.deepEqual(await find('ge'), ['geo', 'geology'])
    assert.deepEqual(await find('geol'), ['geology', 'geology:latest', 'geology:v1'])
  })

  it('finds tags behind a colon', async () => {
    assert.deepEqual(await find('geo:'), ['geo:latest', 'geo:v1'])
    assert.deepEqual(await find('@team/maps:l'), ['@team/maps:latest', '@team/maps:v1'])
  })

  it('asks the host in the word, or the one that is given', async () => {
    assert.deepEqual(await find('h:1/geo:'), ['h:1/geo:latest', 'h:1/geo:far'])
    assert.deepEqual(await find('geo:', 'h:1'), ['geo:latest', 'geo:far'])
    assert.deepEqual(await find('ge', 'none:1'), [])
  })

  it('finds nothing in time on a hub that does not answer, and nothing on one that fails', async () => {
    const silent = {
      datasets: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) }),
    } as unknown as Client
    const stop = new AbortController()
    const found = findReferences(silent, 'ge', undefined, stop.signal)
    stop.abort()
    assert.deepEqual(await found, [])
    const failing = {
      datasets() {
        throw new Error('away')
      },
    } as Partial<Client> as Client
    assert.deepEqual(await findReferences(failing, 'ge', undefined, new AbortController().signal), [])
  })
})
