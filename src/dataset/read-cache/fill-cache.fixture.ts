// Reads a sample through a cache with a folder, as often as told, and compares every byte; for tests with several processes.
import assert from 'node:assert/strict'
import { readSpan, storedSample, storeOf, wholeFile } from './read-cache.fixture.ts'
import { createReadCache } from './read-cache.ts'

const [path = '', maxBytes = '', rounds = ''] = process.argv.slice(2)
const store = storeOf(await storedSample())
for (let round = 0; round < Number(rounds); round++) {
  const cache = createReadCache({ memoryBytes: 300_000, folder: { path, maxBytes: Number(maxBytes) } })
  assert.ok((await readSpan(cache, store, wholeFile(store))).equals(store.content))
  console.log('read')
  await cache.close()
}
